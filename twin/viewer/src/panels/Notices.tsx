/** Short messages in a corner: a run has ended, a request failed, the connection is gone. */
import { effect, untracked } from '@preact/signals';
import { ended } from '../catalog.ts';
import { t } from '../i18n/index.ts';
import { liveState } from '../live.ts';
import { online, panel, runId } from '../store.ts';
import { dismiss, notices, notify } from '../ui/dialogs.ts';
import { Icon } from '../ui/Icon.tsx';

/** Announces runs as they end. */
export function followRuns(): void {
  effect(() => {
    const run = ended.value;
    if (!run) return;
    untracked(() => {
      const show = {
        label: t('show'),
        run: () => {
          panel.value = 'flood';
          runId.value = run.id;
        },
      };
      if (run.status === 'done') notify('good', t('notice_done', { title: run.title }), show);
      else if (run.status === 'failed') notify('bad', t('notice_failed', { title: run.title }), show);
      else notify('info', t('notice_canceled', { title: run.title }));
    });
  });
}

export function Notices() {
  const cut = !online.value || liveState.value === 'lost';
  return (
    <div class="notices">
      {cut && (
        <div class="notice bad" role="status">
          <Icon name="offline" size={18} />
          <span>{t(online.value ? 'live_lost' : 'offline')}</span>
        </div>
      )}
      <div role="log" aria-live="polite">
        {notices.value.map((notice) => (
          <div key={notice.id} class={`notice ${notice.kind}`}>
            <Icon name={notice.kind === 'good' ? 'check' : notice.kind === 'bad' ? 'warning' : 'info'} size={18} />
            <span>{notice.text}</span>
            {notice.action && (
              <button
                type="button"
                class="link"
                onClick={() => {
                  notice.action!.run();
                  dismiss(notice.id);
                }}
              >
                {notice.action.label}
              </button>
            )}
            <button type="button" class="icon-button tiny" aria-label={t('close')} onClick={() => dismiss(notice.id)}>
              <Icon name="close" size={16} />
            </button>
          </div>
        ))}
      </div>
    </div>
  );
}
