/** What is selected: its attributes in words, and the water at its place. */
import { effect } from '@preact/signals';
import { getJson } from '../api.ts';
import { layerByName, run } from '../catalog.ts';
import { attribute, dateTime, fixed, number, sentence, unitOf } from '../format.ts';
import { boundsOf, centerOf } from '../geo.ts';
import { say, t } from '../i18n/index.ts';
import { aggregate, hits, map } from '../map-state.ts';
import { resource } from '../resource.ts';
import * as store from '../store.ts';
import type { Item, LayerInfo } from '../types.ts';
import { inspectorFolded } from '../ui/dialogs.ts';
import { Icon } from '../ui/Icon.tsx';
import { Shown } from '../ui/states.tsx';
import { Observations } from './Observations.tsx';
import { WaterHere } from './WaterHere.tsx';

const item = resource((signal) => {
  const { layer, id } = store.selection.peek() ?? {};
  return getJson<Item>(`/api/layers/${layer}/items/${id}`, signal);
});

let asked = '';

/** Loads the selected feature whenever the selection names another one. */
export function followSelection(): void {
  effect(() => {
    const { layer, id } = store.selection.value ?? {};
    inspectorFolded.value = false;
    const key = layer && id ? `${layer}/${id}` : '';
    if (key === asked) return;
    asked = key;
    item.clear();
    if (key) void item.load();
  });
}

/** Provenance, shown after the attributes and more quietly. */
const ORIGIN = ['source', 'source_id', 'version', 'updated_at', 'updated_by'];

function Attributes({ feature, layer }: { feature: Item; layer: LayerInfo | undefined }) {
  const language = store.language.value;
  const fields = layer?.fields ?? [];
  const known = fields.filter((f) => f.name in feature.properties && !ORIGIN.includes(f.name));
  const names = layer ? known.map((f) => f.name) : Object.keys(feature.properties);
  const value = (name: string) => {
    const field = fields.find((f) => f.name === name);
    const raw = feature.properties[name];
    const shown = attribute(raw, field, language);
    const unit = raw === null || raw === undefined ? '' : unitOf(field);
    return unit ? `${shown} ${unit}` : shown;
  };
  const origin = ORIGIN.filter((name) => feature.properties[name] != null);
  const date = feature.properties.updated_at;
  return (
    <>
      <dl class="attributes">
        {names.map((name) => {
          const field = fields.find((f) => f.name === name);
          return (
            <div key={name}>
              <dt title={field?.help ? say(field.help) : undefined}>{sentence(field ? say(field.title) : name)}</dt>
              <dd>{value(name)}</dd>
            </div>
          );
        })}
      </dl>
      {origin.length > 0 && (
        <p class="quiet small origin">
          {[feature.properties.source, feature.properties.source_id].filter(Boolean).join(' · ')}
          {date && ` · ${t('updated', { when: dateTime(String(date), language) })}`}
          {feature.properties.version != null && ` · ${t('version', { n: String(feature.properties.version) })}`}
        </p>
      )}
    </>
  );
}

function title(feature: Item, layer: LayerInfo | undefined): string {
  const label = layer?.label_field ? feature.properties[layer.label_field] : null;
  if (label) return String(label);
  const { map_sheet: sheet, parcel_number: parcel } = feature.properties;
  if (sheet != null && parcel != null) return t('parcel_name', { sheet: Number(sheet), parcel: Number(parcel) });
  return layer ? say(layer.title) : feature.id.slice(0, 8);
}

function Actions({ feature, layer }: { feature: Item; layer: string }) {
  const zoom = () => {
    const bounds = feature.geometry && boundsOf(feature.geometry);
    if (!bounds) return;
    if (bounds[2] - bounds[0] > 1e-4) map.value?.fit(bounds);
    else map.value?.flyTo(centerOf(bounds), 18);
  };
  return (
    <div class="row-actions">
      <button type="button" class="button small" onClick={zoom}>
        <Icon name="target" size={16} />
        {t('zoom_to')}
      </button>
      <button type="button" class="button small" onClick={() => (store.table.value = layer)}>
        <Icon name="table" size={16} />
        {t('table')}
      </button>
    </div>
  );
}

/** The other things under the same click. */
function Others() {
  const { layer, id, at } = store.selection.value ?? {};
  const list = hits.value;
  if (list.length < 2 || !list.some((h) => h.layer === layer && h.id === id)) return null;
  return (
    <label class="field inline">
      <span>{t('also_here', { n: list.length })}</span>
      <select
        value={`${layer}/${id}`}
        onChange={(event) => {
          const [toLayer, toId] = event.currentTarget.value.split('/') as [string, string];
          store.selection.value = { layer: toLayer, id: toId, ...(at ? { at } : {}) };
        }}
      >
        {list.map((hit) => (
          <option key={`${hit.layer}/${hit.id}`} value={`${hit.layer}/${hit.id}`}>
            {say(layerByName.value.get(hit.layer)?.title)}
            {hit.name ? ` · ${hit.name}` : ''}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Inspector() {
  const chosen = store.selection.value;
  if (!chosen) return null;
  const layer = chosen.layer ? layerByName.value.get(chosen.layer) : undefined;
  const group = aggregate.value;
  const language = store.language.value;
  const folded = inspectorFolded.value;
  return (
    <aside class={folded ? 'inspector card folded' : 'inspector card'} aria-label={t('inspector')}>
      <div class="panel-head">
        <div>
          {layer && <p class="eyebrow">{say(layer.title)}</p>}
          <h2>{item.data.value ? title(item.data.value, layer) : layer ? '…' : t('place')}</h2>
        </div>
        <div class="panel-buttons">
          <button
            type="button"
            class="icon-button fold"
            aria-label={t(folded ? 'unfold' : 'fold')}
            aria-expanded={!folded}
            onClick={() => (inspectorFolded.value = !folded)}
          >
            <Icon name={folded ? 'up' : 'down'} />
          </button>
          <button type="button" class="icon-button" aria-label={t('close')} onClick={() => (store.selection.value = null)}>
            <Icon name="close" />
          </button>
        </div>
      </div>
      <div class="panel-scroll">
        <Others />
        {chosen.id && chosen.layer && (
          <section class="section">
            <Shown of={item} rows={6}>
              {(feature) => (
                <>
                  <Attributes feature={feature} layer={layer} />
                  <Actions feature={feature} layer={chosen.layer!} />
                  {chosen.layer === 'sensors' && <Observations id={chosen.id!} />}
                </>
              )}
            </Shown>
          </section>
        )}
        {!chosen.id && (
          <p class="quiet pad">
            {group
              ? t('aggregate', {
                  n: number(group.count, language),
                  layer: say(layerByName.value.get(group.layer)?.title),
                })
              : t('nothing_here')}
          </p>
        )}
        {chosen.at && run.value && <WaterHere lon={chosen.at[0]} lat={chosen.at[1]} />}
        {chosen.at && (
          <p class="quiet small pad-x coordinates">
            {t('coordinates')}: {fixed(chosen.at[1], language, 6)}, {fixed(chosen.at[0], language, 6)}
          </p>
        )}
      </div>
    </aside>
  );
}
