/** The jobs drawer: every run asked for, how far it is, why it failed; the server remembers them. */
import { runList } from '../catalog.ts';
import { age, duration } from '../format.ts';
import { say, t } from '../i18n/index.ts';
import { liveState } from '../live.ts';
import * as store from '../store.ts';
import type { Run } from '../types.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { jobsOpen, stormFormOpen } from '../ui/dialogs.ts';
import { Icon } from '../ui/Icon.tsx';
import { Note, Shown } from '../ui/states.tsx';
import { chooseRun } from './Flood.tsx';
import { Progress, StatusChip } from './RunStatus.tsx';

function took(run: Run): string {
  if (!run.started_at || !run.finished_at) return '';
  const seconds = (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000;
  return ` · ${t('took', { time: duration(Math.max(seconds, 1), store.language.value) })}`;
}

function Job({ run }: { run: Run }) {
  const open = () => {
    jobsOpen.value = false;
    stormFormOpen.value = false;
    store.panel.value = 'flood';
    chooseRun(run);
  };
  return (
    <li class="job">
      <div class="run-title">
        <button type="button" class="link strong ellipsis" onClick={open}>
          {run.title}
        </button>
        <StatusChip run={run} />
      </div>
      <p class="quiet small">
        {run.requested_by} · {age(run.requested_at, store.language.value)}
        {took(run)}
      </p>
      <Progress run={run} />
      {run.status === 'failed' && (
        <details class="job-error">
          <summary>{t('why_failed')}</summary>
          <pre>{say(run.error ?? run.message)}</pre>
        </details>
      )}
    </li>
  );
}

export function Jobs() {
  return (
    <Dialog open={jobsOpen} title={t('jobs')} side>
      {liveState.value === 'lost' && (
        <div class="stale" role="status">
          <Icon name="offline" size={16} />
          <span>{t('live_lost')}</span>
          <button type="button" class="link" onClick={() => void runList.load()}>
            {t('refresh')}
          </button>
        </div>
      )}
      <div class="panel-scroll">
        <Shown of={runList} empty={{ when: (all) => !all.length, view: <Note icon="jobs" title={t('no_jobs')} /> }}>
          {(all) => (
            <ul class="jobs">
              {all.map((run) => (
                <Job key={run.id} run={run} />
              ))}
            </ul>
          )}
        </Shown>
      </div>
    </Dialog>
  );
}
