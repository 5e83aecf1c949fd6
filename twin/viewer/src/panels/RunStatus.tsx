/** A run's status as an icon and a word, with progress and cancel while it goes on. */
import { cancelRun, canRunStorm } from '../catalog.ts';
import { percent } from '../format.ts';
import { type Key, say, t } from '../i18n/index.ts';
import { language } from '../store.ts';
import type { Run, RunStatus } from '../types.ts';
import { notify } from '../ui/dialogs.ts';
import { Icon, type IconName } from '../ui/Icon.tsx';

const LOOKS: Record<RunStatus, { icon: IconName; key: Key; tone: string }> = {
  queued: { icon: 'clock', key: 'status_queued', tone: '' },
  running: { icon: 'play', key: 'status_running', tone: 'accent' },
  done: { icon: 'check', key: 'status_done', tone: 'good' },
  failed: { icon: 'warning', key: 'status_failed', tone: 'bad' },
  canceled: { icon: 'close', key: 'status_canceled', tone: '' },
};

export function StatusChip({ run }: { run: Run }) {
  const look = LOOKS[run.status];
  return (
    <span class={`chip ${look.tone}`} data-status={run.status}>
      <Icon name={look.icon} size={14} />
      {t(look.key)}
      {run.status === 'running' && ` ${percent(run.progress, language.value)}`}
    </span>
  );
}

export function Progress({ run }: { run: Run }) {
  if (run.status !== 'queued' && run.status !== 'running') return null;
  const stop = () =>
    cancelRun(run.id).catch((error: Error) => notify('bad', error.message || t('offline')));
  return (
    <div class="progress-row">
      <progress max={1} value={run.progress} aria-label={t('progress_of', { title: run.title })} />
      <span class="quiet small">{say(run.message)}</span>
      {canRunStorm.value && (
        <button type="button" class="button small" onClick={() => void stop()}>
          {t('cancel_run')}
        </button>
      )}
    </div>
  );
}
