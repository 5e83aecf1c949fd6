/** A new storm: where, how much rain, which inflows, for how long; checked here and by the server. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ApiError } from '../api.ts';
import { canRunStorm, city, requestRun, user } from '../catalog.ts';
import { type Key, t } from '../i18n/index.ts';
import * as state from '../map-state.ts';
import { draft, edit, invalidFields, NEW_DRAFT, normalField, toScenario } from '../storm-form.ts';
import * as store from '../store.ts';
import type { Obstacles } from '../types.ts';
import { notify, stormFormOpen } from '../ui/dialogs.ts';
import { Icon } from '../ui/Icon.tsx';
import { LoginButton, Note } from '../ui/states.tsx';
import { Field, NumberField, wrong } from './storm-fields.tsx';
import { AreaField, Inflows } from './StormPlaces.tsx';
import { RainFields } from './StormRain.tsx';

const trouble = signal<ApiError | null>(null);
const sending = signal(false);

function focusFirstWrong(): void {
  requestAnimationFrame(() => {
    const first = document.querySelector<HTMLElement>('.storm-form [aria-invalid], .storm-form .wrong input');
    const target = first ?? document.querySelector<HTMLElement>('.storm-form [role=alert]');
    target?.focus({ preventScroll: true });
    target?.scrollIntoView({ block: 'center' });
  });
}

const NEEDS: Record<string, Key> = {
  title: 'need_title',
  'rain.series': 'need_series',
  'rain.peak': 'need_peak',
};

async function submit(event: Event): Promise<void> {
  event.preventDefault();
  trouble.value = null;
  const d = draft.peek();
  const bad = invalidFields(d);
  // what the server said of a file is more exact than what the form can say
  const said = { 'rain.series': wrong.peek()['rain.series'] };
  wrong.value = Object.fromEntries(
    bad.map((field) => [field, said[field as keyof typeof said] || t(NEEDS[field] ?? 'need_number')]),
  );
  if (bad.length) return focusFirstWrong();
  sending.value = true;
  try {
    const made = await requestRun(toScenario(d));
    store.runId.value = made.id;
    store.time.value = 0;
    store.floodMode.value = 'max';
    stormFormOpen.value = false;
    draft.value = NEW_DRAFT;
    notify('info', t('run_requested', { title: made.title }));
  } catch (error) {
    const failure = error instanceof ApiError ? error : new ApiError(String(error), 'server', 0, null, null);
    if (failure.field) wrong.value = { [normalField(failure.field)]: failure.message };
    trouble.value = failure;
    focusFirstWrong();
  } finally {
    sending.value = false;
  }
}

/** Errors of no field of the form, and of the request itself. */
function Trouble() {
  const failure = trouble.value;
  if (!failure) return null;
  return (
    <div role="alert" tabIndex={-1} class="form-trouble">
      <Icon name="warning" size={18} />
      <div>
        <p>{failure.kind === 'offline' ? t('offline_help') : failure.message}</p>
        {failure.requestId && (
          <p class="request-id">
            {t('request_id')} <code>{failure.requestId}</code>
          </p>
        )}
      </div>
    </div>
  );
}

export function StormForm() {
  const d = draft.value;
  useEffect(() => {
    state.draftArea.value = d.area;
    state.draftInflows.value = d.inflows.map((inflow) => inflow.at);
  }, [d.area, d.inflows]);
  useEffect(
    () => () => {
      state.draftArea.value = null;
      state.draftInflows.value = [];
      if (state.onPicked.peek()) state.stopTool();
    },
    [],
  );
  const back = () => (stormFormOpen.value = false);
  const allowed = canRunStorm.value;
  return (
    <form class="storm-form panel-scroll" noValidate onSubmit={(event) => void submit(event)}>
      <div class="panel-head">
        <h2>{t('new_storm')}</h2>
        <button type="button" class="icon-button" aria-label={t('close')} onClick={back}>
          <Icon name="close" />
        </button>
      </div>
      {!allowed && (
        <Note icon="lock" title={t('no_permission')}>
          <p>{t(user.value ? 'storm_role' : 'storm_login')}</p>
          {!user.value && <LoginButton />}
        </Note>
      )}
      {city.data.value && !city.data.value.terrain && (
        <Note icon="warning" title={t('no_terrain')}>
          <p>{t('no_terrain_help')}</p>
        </Note>
      )}
      <Field field="title" label="storm_title">
        {(id, aria) => (
          <input
            id={id}
            type="text"
            maxLength={200}
            placeholder={t('storm_title_example')}
            value={d.title}
            onInput={(event) => edit({ title: event.currentTarget.value })}
            {...aria}
          />
        )}
      </Field>
      <RainFields />
      <fieldset class="group-fields">
        <legend>{t('model')}</legend>
        <AreaField />
        <div class="pair">
          <NumberField name="cell_m" field="cell_m" label="cell" unit="m" />
          <NumberField name="manning" field="manning" label="manning" unit="s/m¹ᐟ³" step="0.005" />
          <NumberField name="run_h" field="duration_s" label="run_length" unit={t('hours')} step="0.25" />
          <NumberField name="output_min" field="output_interval_s" label="output_interval" unit={t('minutes')} />
        </div>
        <Field field="edges" label="edges" help={t(d.edges === 'open' ? 'edges_open_help' : 'edges_closed_help')}>
          {(id, aria) => (
            <select id={id} value={d.edges} onChange={(event) => edit({ edges: event.currentTarget.value as 'open' | 'closed' })} {...aria}>
              <option value="open">{t('edges_open')}</option>
              <option value="closed">{t('edges_closed')}</option>
            </select>
          )}
        </Field>
        <Field field="buildings" label="obstacles">
          {(id, aria) => (
            <select id={id} value={d.buildings} onChange={(event) => edit({ buildings: event.currentTarget.value as Obstacles })} {...aria}>
              <option value="auto">{t('obstacles_auto')}</option>
              <option value="raise">{t('obstacles_raise')}</option>
              <option value="ignore">{t('obstacles_ignore')}</option>
            </select>
          )}
        </Field>
        <label class="check">
          <input type="checkbox" checked={d.baseflow} onChange={(event) => edit({ baseflow: event.currentTarget.checked })} />
          {t('baseflow')}
        </label>
      </fieldset>
      <Inflows />
      <Trouble />
      <div class="form-foot">
        <button type="submit" class="button primary" disabled={!allowed || sending.value}>
          {sending.value ? t('sending') : t('run_storm')}
        </button>
        <button type="button" class="button" onClick={back}>
          {t('cancel')}
        </button>
      </div>
    </form>
  );
}
