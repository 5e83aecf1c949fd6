/** The layer tree: groups, visibility, opacity, legend, zoom, table, download; and the ground. */
import { signal } from '@preact/signals';
import { city, layerList } from '../catalog.ts';
import { number } from '../format.ts';
import { say, t } from '../i18n/index.ts';
import { map } from '../map-state.ts';
import * as store from '../store.ts';
import type { LayerInfo, LegendEntry } from '../types.ts';
import { Icon } from '../ui/Icon.tsx';
import { Note, Shown } from '../ui/states.tsx';

const closedGroups = signal<ReadonlySet<string>>(new Set());
const expanded = signal<string | null>(null);

function grouped(layers: readonly LayerInfo[]): [string, LayerInfo[]][] {
  const groups = new Map<string, LayerInfo[]>();
  for (const layer of layers) groups.set(layer.group, [...(groups.get(layer.group) ?? []), layer]);
  // groups with something in them first: an empty group is rarely what somebody looks for
  const filled = ([, all]: [string, LayerInfo[]]) => (all.some((l) => l.count > 0) ? 0 : 1);
  return [...groups].sort((a, b) => filled(a) - filled(b));
}

function Swatch({ entry }: { entry: LegendEntry | undefined }) {
  if (!entry) return null;
  const { shape } = entry;
  const color = (store.theme.value === 'dark' && entry.color_dark) || entry.color;
  return (
    <svg class="swatch" width="18" height="14" viewBox="0 0 18 14" aria-hidden="true">
      {shape === 'fill' && <rect x="1" y="1" width="16" height="12" rx="2" fill={color} />}
      {shape === 'line' && <path d="M1 11C6 11 12 3 17 3" stroke={color} stroke-width="3" fill="none" />}
      {shape === 'circle' && <circle cx="9" cy="7" r="5" fill={color} />}
    </svg>
  );
}

function Details({ layer, opacity }: { layer: LayerInfo; opacity: number | undefined }) {
  return (
    <div class="layer-details">
      {layer.legend.length > 1 && (
        <ul class="legend">
          {layer.legend.map((entry, i) => (
            <li key={i}>
              <Swatch entry={entry} />
              {say(entry.label)}
            </li>
          ))}
        </ul>
      )}
      {layer.lowzoom && <p class="quiet small">{t('lowzoom', { z: layer.lowzoom.below })}</p>}
      <label class="slider-row">
        <span>{t('opacity')}</span>
        <input
          type="range"
          min="0.05"
          max="1"
          step="0.05"
          value={opacity ?? 1}
          disabled={opacity === undefined}
          onInput={(event) => store.setLayer(layer.name, Number(event.currentTarget.value))}
        />
      </label>
      <div class="row-actions">
        <button
          type="button"
          class="button small"
          disabled={!layer.bounds}
          onClick={() => layer.bounds && map.value?.fit(layer.bounds)}
        >
          <Icon name="target" size={16} />
          {t('zoom_to')}
        </button>
        <button type="button" class="button small" onClick={() => (store.table.value = layer.name)}>
          <Icon name="table" size={16} />
          {t('table')}
        </button>
        <a class="button small" href={`/api/layers/${layer.name}/items.csv`} download>
          <Icon name="download" size={16} />
          CSV
        </a>
      </div>
    </div>
  );
}

function Row({ layer }: { layer: LayerInfo }) {
  const opacity = store.layers.value.get(layer.name);
  const open = expanded.value === layer.name;
  const title = say(layer.title);
  return (
    <li class={open ? 'layer open' : 'layer'}>
      <div class="layer-row">
        <label>
          <input
            type="checkbox"
            checked={opacity !== undefined}
            onChange={(event) => store.setLayer(layer.name, event.currentTarget.checked ? 1 : null)}
          />
          <Swatch entry={layer.legend[0]} />
          <span class="layer-title">{title}</span>
        </label>
        <span class="count quiet">{number(layer.count, store.language.value)}</span>
        <button
          type="button"
          class="icon-button tiny"
          aria-expanded={open}
          aria-label={t('layer_details', { name: title })}
          onClick={() => (expanded.value = open ? null : layer.name)}
        >
          <span class={open ? 'turned' : ''}>
            <Icon name="chevron" size={16} />
          </span>
        </button>
      </div>
      {open && <Details layer={layer} opacity={opacity} />}
    </li>
  );
}

function Group({ name, layers }: { name: string; layers: LayerInfo[] }) {
  const closed = closedGroups.value.has(name);
  const shown = layers.filter((l) => store.layers.value.has(l.name)).length;
  const toggle = () => {
    const next = new Set(closedGroups.value);
    if (!next.delete(name)) next.add(name);
    closedGroups.value = next;
  };
  return (
    <section class="group">
      <h3>
        <button type="button" aria-expanded={!closed} onClick={toggle}>
          <span class={closed ? '' : 'turned'}>
            <Icon name="chevron" size={16} />
          </span>
          {say(layers[0]!.group_title)}
          <span class="quiet">
            {shown}/{layers.length}
          </span>
        </button>
      </h3>
      {!closed && (
        <ul>
          {layers.map((layer) => (
            <Row key={layer.name} layer={layer} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Ground() {
  const bases = city.data.value?.basemaps ?? [];
  const choices = [
    { id: 'relief', title: t('base_relief') },
    { id: 'plain', title: t('base_plain') },
    ...bases.map((b) => ({ id: b.id, title: say(b.title) })),
  ];
  return (
    <label class="field inline">
      <span>{t('basemap')}</span>
      <select
        value={store.basemap.value}
        onChange={(event) => (store.basemap.value = event.currentTarget.value)}
      >
        {choices.map((choice) => (
          <option key={choice.id} value={choice.id}>
            {choice.title}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Layers() {
  const empty = (
    <Note icon="layers" title={t('no_layers')}>
      <p>{t('no_layers_help')}</p>
    </Note>
  );
  return (
    <div class="panel-scroll">
      <div class="pad-x">
        <Ground />
        {store.chosenLayers.value && (
          <button type="button" class="link" onClick={() => (store.chosenLayers.value = null)}>
            {t('layers_reset')}
          </button>
        )}
      </div>
      <Shown of={layerList} rows={8} empty={{ when: (all) => !all.length, view: empty }}>
        {(all) => grouped(all).map(([name, layers]) => <Group key={name} name={name} layers={layers} />)}
      </Shown>
    </div>
  );
}
