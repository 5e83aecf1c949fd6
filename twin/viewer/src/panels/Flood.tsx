/** The flood officer's screen: which runs there are, what the chosen one says, a new storm. */
import { canRunStorm, olderRun, run, runList, user } from '../catalog.ts';
import { age, dateTime, duration, fixed, number, smallShare } from '../format.ts';
import { say, t } from '../i18n/index.ts';
import { map } from '../map-state.ts';
import { boundsOf } from '../geo.ts';
import { draft, fromScenario } from '../storm-form.ts';
import * as store from '../store.ts';
import type { Run } from '../types.ts';
import { stormFormOpen } from '../ui/dialogs.ts';
import { Icon } from '../ui/Icon.tsx';
import { Failure, LoginButton, Note, Shown } from '../ui/states.tsx';
import { Impacts } from './Impacts.tsx';
import { Progress, StatusChip } from './RunStatus.tsx';
import { StormForm } from './StormForm.tsx';

export function chooseRun(chosen: Run | null): void {
  store.playing.value = false;
  store.time.value = 0;
  // the first thing to know of a run is how deep it gets; play starts from dry ground
  store.floodMode.value = 'max';
  store.runId.value = chosen?.id ?? null;
  const bounds = chosen?.area && boundsOf(chosen.area);
  if (bounds) map.value?.fit(bounds);
}

function RunRow({ each }: { each: Run }) {
  const chosen = store.runId.value === each.id;
  const language = store.language.value;
  return (
    <li class={chosen ? 'run chosen' : 'run'}>
      <button type="button" aria-pressed={chosen} onClick={() => chooseRun(chosen ? null : each)}>
        <span class="run-title">
          <strong class="ellipsis">{each.title}</strong>
          <StatusChip run={each} />
        </span>
        <span class="quiet small">
          {each.requested_by} · <span title={dateTime(each.requested_at, language)}>{age(each.requested_at, language)}</span>
        </span>
      </button>
      {!chosen && <Progress run={each} />}
    </li>
  );
}

function Fact({ label, children }: { label: string; children: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function numberIn(summary: Run['summary'], name: string): number | null {
  const value = summary?.[name];
  return typeof value === 'number' ? value : null;
}

function Summary({ shown }: { shown: Run }) {
  const language = store.language.value;
  const volume = (name: string) => {
    const cubic = numberIn(shown.summary, name);
    return cubic === null ? '–' : `${number(cubic, language)} m³`;
  };
  const max = numberIn(shown.summary, 'max_depth_m');
  const wall = numberIn(shown.summary, 'wall_s');
  const error = numberIn(shown.summary, 'mass_error_rel');
  return (
    <dl class="facts">
      <Fact label={t('max_depth')}>{max === null ? '–' : `${fixed(max, language, 2)} m`}</Fact>
      <Fact label={t('run_length')}>{duration(shown.duration_s, language)}</Fact>
      {numberIn(shown.summary, 'initial_m3') !== null && <Fact label={t('initial_volume')}>{volume('initial_m3')}</Fact>}
      <Fact label={t('rain_volume')}>{volume('rain_m3')}</Fact>
      <Fact label={t('inflow_volume')}>{volume('inflow_m3')}</Fact>
      <Fact label={t('outflow_volume')}>{volume('outflow_m3')}</Fact>
      <Fact label={t('stored_volume')}>{volume('stored_m3')}</Fact>
      {wall !== null && <Fact label={t('computed_in')}>{duration(Math.max(wall, 1), language)}</Fact>}
      {error !== null && <Fact label={t('mass_error')}>{smallShare(error, language)}</Fact>}
    </dl>
  );
}

function Detail({ shown }: { shown: Run }) {
  const language = store.language.value;
  const again = () => {
    draft.value = fromScenario(shown.scenario);
    stormFormOpen.value = true;
  };
  return (
    <section class="section" aria-label={shown.title}>
      <div class="panel-head">
        <h3 class="ellipsis">{shown.title}</h3>
        <StatusChip run={shown} />
      </div>
      <p class="quiet small">
        {t('run_by', { who: shown.requested_by, when: dateTime(shown.requested_at, language) })} · {t('cell_size', { m: shown.cell_m })}
      </p>
      <Progress run={shown} />
      {shown.status === 'failed' && (
        <Note icon="warning" title={t('run_failed')}>
          <p>{say(shown.error ?? shown.message)}</p>
        </Note>
      )}
      {shown.status === 'canceled' && <Note icon="info" title={t('run_canceled')} />}
      {shown.status === 'done' && (
        <>
          <label class="slider-row">
            <span>{t('water_opacity')}</span>
            <input
              type="range"
              min="0.2"
              max="1"
              step="0.05"
              value={store.floodOpacity.value}
              onInput={(event) => (store.floodOpacity.value = Number(event.currentTarget.value))}
            />
          </label>
          <Summary shown={shown} />
          <a class="button small" href={`/api/runs/${shown.id}/case.zip`} download title={t('case_help')}>
            <Icon name="download" size={16} />
            {t('case_download')}
          </a>
        </>
      )}
      {canRunStorm.value && shown.scenario && (
        <button type="button" class="link" onClick={again}>
          {t('run_variant')}
        </button>
      )}
    </section>
  );
}

export function Flood() {
  if (stormFormOpen.value) return <StormForm />;
  const shown = run.value;
  // a shared link may name a run that is gone, or one that only a login shows
  const missing = store.runId.value && !shown && user.value ? olderRun.error.value : null;
  const open = () => (stormFormOpen.value = true);
  // a stranger may open the form and log in from it
  const barred = user.value !== null && !canRunStorm.value;
  const empty = user.value ? (
    <Note icon="rain" title={t('no_runs')}>
      {!barred && <p>{t('no_runs_help')}</p>}
    </Note>
  ) : (
    <Note icon="lock" title={t('runs_login')}>
      <LoginButton />
    </Note>
  );
  return (
    <div class="panel-scroll">
      <div class="pad-x">
        <button
          type="button"
          class="button primary block"
          disabled={barred}
          {...(barred ? { 'aria-describedby': 'storm-barred' } : {})}
          onClick={open}
        >
          <Icon name="plus" size={18} />
          {t('new_storm')}
        </button>
        {barred && (
          <p id="storm-barred" class="barred small">
            <Icon name="lock" size={16} />
            <span>{t('storm_role')}</span>
          </p>
        )}
      </div>
      <section class="section">
        <h3>{t('runs')}</h3>
        <Shown of={runList} rows={4} empty={{ when: (all) => !all.length, view: empty }}>
          {(all) => (
            <ul class={shown ? 'runs short' : 'runs'}>
              {all.map((each) => (
                <RunRow key={each.id} each={each} />
              ))}
            </ul>
          )}
        </Shown>
      </section>
      {missing && <Failure error={missing} retry={() => void olderRun.load()} />}
      {shown && <Detail shown={shown} />}
      {shown?.status === 'done' && <Impacts id={shown.id} />}
    </div>
  );
}
