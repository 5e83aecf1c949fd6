/** A new storm: where, how much rain, which inflows, for how long; checked here and by the server. */
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { ApiError, send } from '../api.ts';
import { canRunStorm, city, requestRun, user } from '../catalog.ts';
import { fixed, length, number } from '../format.ts';
import { extentMeters } from '../geo.ts';
import { type Key, t } from '../i18n/index.ts';
import * as state from '../map-state.ts';
import { draft, edit, invalidFields, NEW_DRAFT, normalField, toScenario } from '../storm-form.ts';
import * as store from '../store.ts';
import type { Bounds, LonLat, Obstacles, RainKind, RainPattern, Series } from '../types.ts';
import { notify, stormFormOpen } from '../ui/dialogs.ts';
import { Icon } from '../ui/Icon.tsx';
import { LoginButton, Note } from '../ui/states.tsx';
import { RainPreview } from './RainPreview.tsx';

/** Words for fields that are wrong, by the server's names. */
const wrong = signal<Readonly<Record<string, string>>>({});
const trouble = signal<ApiError | null>(null);
const sending = signal(false);

function Field(props: { field: string; label: Key; unit?: string; help?: string; children: (id: string, bad: Record<string, string | boolean>) => ComponentChildren }) {
  const id = `storm-${props.field}`;
  const message = wrong.value[props.field];
  const described = message || props.help ? `${id}-help` : undefined;
  const aria: Record<string, string | boolean> = {};
  if (described) aria['aria-describedby'] = described;
  if (message) aria['aria-invalid'] = true;
  return (
    <div class={message ? 'field wrong' : 'field'}>
      <label for={id}>
        {t(props.label)}
        {props.unit && <span class="quiet"> ({props.unit})</span>}
      </label>
      {props.children(id, aria)}
      {(message || props.help) && (
        <p id={described} class={message ? 'field-error' : 'quiet small'}>
          {message ?? props.help}
        </p>
      )}
    </div>
  );
}

type NumberKey = 'cell_m' | 'total_mm' | 'rain_min' | 'peak' | 'manning' | 'run_h' | 'output_min';

function NumberField(props: { name: NumberKey; field: string; label: Key; unit?: string; step?: string; min?: string; max?: string; help?: string }) {
  return (
    <Field field={props.field} label={props.label} {...(props.unit ? { unit: props.unit } : {})} {...(props.help ? { help: props.help } : {})}>
      {(id, aria) => (
        <input
          id={id}
          type="number"
          inputMode="decimal"
          step={props.step ?? 'any'}
          min={props.min ?? '0'}
          {...(props.max ? { max: props.max } : {})}
          value={draft.value[props.name]}
          onInput={(event) => edit({ [props.name]: event.currentTarget.value })}
          {...aria}
        />
      )}
    </Field>
  );
}

function corners([a, b]: readonly LonLat[]): Bounds {
  const [p, q] = [a!, b!];
  return [Math.min(p[0], q[0]), Math.min(p[1], q[1]), Math.max(p[0], q[0]), Math.max(p[1], q[1])];
}

function within(inner: Bounds, outer: Bounds | null | undefined): Bounds {
  if (!outer) return inner;
  return [
    Math.max(inner[0], outer[0]),
    Math.max(inner[1], outer[1]),
    Math.min(inner[2], outer[2]),
    Math.min(inner[3], outer[3]),
  ];
}

function AreaField() {
  const { area, cell_m } = draft.value;
  const terrain = city.data.value?.terrain?.bounds ?? city.data.value?.bounds;
  const extent = area ?? terrain;
  const [width, height] = extent ? extentMeters(extent) : [0, 0];
  const cells = Number(cell_m) > 0 ? Math.ceil(width / Number(cell_m)) * Math.ceil(height / Number(cell_m)) : 0;
  const lang = store.language.value;
  const useView = () => {
    const visible = state.visibleBounds.peek();
    if (visible) edit({ area: within(visible, terrain) });
  };
  const draw = () => state.pick('extent', (points) => edit({ area: corners(points) }));
  return (
    <fieldset class={wrong.value.area ? 'field wrong' : 'field'}>
      <legend>{t('storm_area')}</legend>
      <div class="row-actions">
        <button type="button" class="button small" aria-pressed={area === null} onClick={() => edit({ area: null })}>
          {t('area_all')}
        </button>
        <button type="button" class="button small" onClick={useView}>
          {t('area_view')}
        </button>
        <button type="button" class="button small" onClick={draw}>
          {t('area_draw')}
        </button>
      </div>
      <p class="quiet small">
        {extent && `${length(width, lang)} × ${length(height, lang)}`}
        {cells > 0 && ` · ${t('cells', { n: number(cells, lang) })}`}
      </p>
      {wrong.value.area && <p class="field-error">{wrong.value.area}</p>}
    </fieldset>
  );
}

async function readCsv(file: File): Promise<void> {
  try {
    const answer = await send<{ series: Series; total_mm: number }>(
      'POST',
      '/api/runs/rain-csv',
      await file.text(),
      'text/csv',
    );
    edit({ series: answer.series, seriesName: file.name });
    wrong.value = { ...wrong.peek(), 'rain.series': '' };
  } catch (error) {
    const message = error instanceof ApiError && error.message ? error.message : t('offline');
    edit({ series: [], seriesName: file.name });
    wrong.value = { ...wrong.peek(), 'rain.series': message };
  }
}

function RainFields() {
  const d = draft.value;
  const kinds: [RainKind, Key][] = [
    ['design', 'rain_design'],
    ['uniform', 'rain_uniform'],
    ['series', 'rain_series'],
  ];
  return (
    <fieldset class="group-fields">
      <legend>{t('rain')}</legend>
      <div class="segmented wide" role="group" aria-label={t('rain')}>
        {kinds.map(([kind, label]) => (
          <button key={kind} type="button" aria-pressed={d.rainKind === kind} onClick={() => edit({ rainKind: kind })}>
            {t(label)}
          </button>
        ))}
      </div>
      {d.rainKind === 'series' ? (
        <Field field="rain.series" label="rain_file" help={t('rain_file_help')}>
          {(id, aria) => (
            <input
              id={id}
              type="file"
              accept=".csv,text/csv,text/plain"
              onChange={(event) => {
                const file = event.currentTarget.files?.[0];
                if (file) void readCsv(file);
              }}
              {...aria}
            />
          )}
        </Field>
      ) : (
        <div class="pair">
          <NumberField name="total_mm" field="rain.total_mm" label="rain_total" unit="mm" />
          <NumberField name="rain_min" field="rain.duration_s" label="rain_duration" unit={t('minutes')} />
        </div>
      )}
      {d.rainKind === 'design' && (
        <div class="pair">
          <Field field="rain.pattern" label="pattern">
            {(id, aria) => (
              <select
                id={id}
                value={d.pattern}
                onChange={(event) => edit({ pattern: event.currentTarget.value as RainPattern })}
                {...aria}
              >
                <option value="chicago">{t('pattern_chicago')}</option>
                <option value="triangular">{t('pattern_triangular')}</option>
                <option value="uniform">{t('pattern_uniform')}</option>
              </select>
            )}
          </Field>
          {d.pattern !== 'uniform' && (
            <NumberField name="peak" field="rain.peak" label="peak" unit="0–1" step="0.05" max="1" />
          )}
        </div>
      )}
      <RainPreview rain={toScenario(d).rain} run_s={Number(d.run_h) * 3600} />
    </fieldset>
  );
}

function Inflows() {
  const { inflows } = draft.value;
  const add = () =>
    state.pick('inflow', ([at]) => {
      const name = `${t('inflow')} ${draft.peek().inflows.length + 1}`;
      if (at) edit({ inflows: [...draft.peek().inflows, { name, at, discharge: '50' }] });
    });
  const change = (index: number, part: { name?: string; discharge?: string }) =>
    edit({ inflows: inflows.map((old, i) => (i === index ? { ...old, ...part } : old)) });
  return (
    <fieldset class="group-fields">
      <legend>{t('inflows')}</legend>
      {inflows.map((inflow, i) => {
        const message = wrong.value[`inflows.${i}`] || wrong.value[`inflows.${i}.discharge_m3_s`];
        return (
          <div key={i} class={message ? 'inflow wrong' : 'inflow'}>
            <input
              aria-label={t('inflow_name')}
              value={inflow.name}
              onInput={(event) => change(i, { name: event.currentTarget.value })}
            />
            <input
              aria-label={`${t('discharge')} (m³/s)`}
              type="number"
              min="0"
              step="any"
              value={inflow.discharge}
              onInput={(event) => change(i, { discharge: event.currentTarget.value })}
            />
            <span class="quiet">m³/s</span>
            <button
              type="button"
              class="icon-button tiny"
              aria-label={t('remove', { name: inflow.name })}
              onClick={() => edit({ inflows: inflows.filter((_, k) => k !== i) })}
            >
              <Icon name="trash" size={16} />
            </button>
            <span class="quiet small place">
              {fixed(inflow.at[1], store.language.value, 5)}, {fixed(inflow.at[0], store.language.value, 5)}
            </span>
            {message && <p class="field-error">{message}</p>}
          </div>
        );
      })}
      <button type="button" class="button small" onClick={add}>
        <Icon name="pin" size={16} />
        {t('inflow_add')}
      </button>
      {wrong.value.inflows && <p class="field-error">{wrong.value.inflows}</p>}
    </fieldset>
  );
}

function focusFirstWrong(): void {
  requestAnimationFrame(() => {
    const first = document.querySelector<HTMLElement>('.storm-form [aria-invalid], .storm-form .wrong input');
    const target = first ?? document.querySelector<HTMLElement>('.storm-form [role=alert]');
    target?.focus({ preventScroll: true });
    target?.scrollIntoView({ block: 'center' });
  });
}

async function submit(event: Event): Promise<void> {
  event.preventDefault();
  trouble.value = null;
  const d = draft.peek();
  const bad = invalidFields(d);
  wrong.value = Object.fromEntries(
    bad.map((field) => [field, t(field === 'title' ? 'need_title' : field === 'rain.series' ? 'need_series' : field === 'rain.peak' ? 'need_peak' : 'need_number')]),
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
