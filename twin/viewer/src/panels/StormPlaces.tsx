/** Where the storm is computed and where water comes in, picked on the map. */
import { city } from '../catalog.ts';
import { fixed, length, number } from '../format.ts';
import { extentMeters } from '../geo.ts';
import { t } from '../i18n/index.ts';
import * as state from '../map-state.ts';
import { draft, edit } from '../storm-form.ts';
import * as store from '../store.ts';
import type { Bounds, LonLat } from '../types.ts';
import { Icon } from '../ui/Icon.tsx';
import { wrong } from './storm-fields.tsx';

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

export function AreaField() {
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
    <fieldset class={wrong.value.area ? 'field wrong' : 'field'} {...(wrong.value.area ? { 'aria-describedby': 'storm-area-error' } : {})}>
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
      {wrong.value.area && <p id="storm-area-error" class="field-error">{wrong.value.area}</p>}
    </fieldset>
  );
}

export function Inflows() {
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
        const amiss = wrong.value[`inflows.${i}.discharge_m3_s`];
        const message = wrong.value[`inflows.${i}`] || amiss;
        const bad = { 'aria-invalid': true, 'aria-describedby': `storm-inflow-${i}-error` };
        return (
          <div key={i} class={message ? 'inflow wrong' : 'inflow'}>
            <input
              aria-label={t('inflow_name')}
              value={inflow.name}
              {...(message && !amiss ? bad : {})}
              onInput={(event) => change(i, { name: event.currentTarget.value })}
            />
            <input
              aria-label={`${t('discharge')} (m³/s)`}
              type="number"
              min="0"
              step="any"
              value={inflow.discharge}
              {...(amiss ? bad : {})}
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
            {message && (
              <p id={bad['aria-describedby']} class="field-error">
                {message}
              </p>
            )}
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
