/** A layer as a table: sorted, filtered and paged by the server, linked to the map both ways. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { getJson, query } from '../api.ts';
import { layerByName, layerVersions } from '../catalog.ts';
import { attribute, number, sentence, unitOf } from '../format.ts';
import { boundsOf, centerOf } from '../geo.ts';
import { say, t } from '../i18n/index.ts';
import { map, visibleBounds } from '../map-state.ts';
import { resource } from '../resource.ts';
import * as store from '../store.ts';
import type { Item, ItemPage, LayerInfo } from '../types.ts';
import { Icon } from '../ui/Icon.tsx';
import { Note, Shown } from '../ui/states.tsx';

const PAGE = 50;
const sort = signal('');
const filter = signal('');
const inView = signal(false);
/** Addresses of the pages before this one; the last is the page shown. */
const trail = signal<readonly string[]>([]);

const page = resource((signal) => getJson<ItemPage>(trail.peek().at(-1)!, signal));

function restrictions(): Record<string, string | null> {
  const bounds = inView.value ? visibleBounds.value : null;
  return {
    q: filter.value.trim() || null,
    sort: sort.value || null,
    bbox: bounds ? bounds.map((v) => v.toFixed(6)).join(',') : null,
  };
}

function go(next: readonly string[]): void {
  trail.value = next;
  void page.load();
}

/** The path of a link that may come absolute: same-origin requests need only that. */
export function localPath(href: string): string {
  const start = href.indexOf('/api/');
  return start > 0 ? href.slice(start) : href;
}

function sortBy(name: string): void {
  sort.value = sort.value === name ? `-${name}` : sort.value === `-${name}` ? '' : name;
}

function select(item: Item, layer: string): void {
  const bounds = item.geometry && boundsOf(item.geometry);
  store.selection.value = { layer, id: item.id, ...(bounds ? { at: centerOf(bounds) } : {}) };
  if (!store.layers.peek().has(layer)) store.setLayer(layer, 1);
  if (!bounds) return;
  if (bounds[2] - bounds[0] > 0.002) map.value?.fit(bounds);
  else map.value?.flyTo(centerOf(bounds), 17);
}

function Head({ layer }: { layer: LayerInfo }) {
  return (
    <thead>
      <tr>
        {layer.fields.map((field) => {
          const up = sort.value === field.name;
          const down = sort.value === `-${field.name}`;
          return (
            <th key={field.name} scope="col" aria-sort={up ? 'ascending' : down ? 'descending' : 'none'} title={field.help ? say(field.help) : undefined}>
              <button type="button" onClick={() => sortBy(field.name)}>
                {sentence(say(field.title))}
                {unitOf(field) && <span class="quiet"> ({unitOf(field)})</span>}
                <Icon name={up ? 'up' : down ? 'down' : 'sort'} size={14} />
              </button>
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

function Rows({ layer, items }: { layer: LayerInfo; items: readonly Item[] }) {
  const chosen = store.selection.value?.id;
  const language = store.language.value;
  return (
    <tbody>
      {items.map((item) => (
        <tr
          key={item.id}
          tabIndex={0}
          aria-selected={item.id === chosen}
          onClick={() => select(item, layer.name)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' || event.key === ' ') {
              event.preventDefault();
              select(item, layer.name);
            }
          }}
        >
          {layer.fields.map((field) => (
            <td key={field.name} class={field.type === 'number' || field.type === 'integer' ? 'numeric' : ''}>
              {attribute(item.properties[field.name], field, language)}
            </td>
          ))}
        </tr>
      ))}
    </tbody>
  );
}

function Pager({ layer }: { layer: LayerInfo }) {
  const data = page.data.value;
  const next = data?.links.find((link) => link.rel === 'next')?.href;
  const first = (trail.value.length - 1) * PAGE + 1;
  const count = data?.features.length ?? 0;
  const language = store.language.value;
  return (
    <div class="pager">
      <span class="quiet small" role="status">
        {count > 0 && t('rows', { from: number(first, language), to: number(first + count - 1, language) })}
        {!filter.value && !inView.value && count > 0 && ` / ${number(layer.count, language)}`}
      </span>
      <button type="button" class="button small" disabled={trail.value.length < 2} onClick={() => go(trail.value.slice(0, -1))}>
        {t('previous_page')}
      </button>
      <button type="button" class="button small" disabled={!next} onClick={() => next && go([...trail.value, localPath(next)])}>
        {t('next_page')}
      </button>
    </div>
  );
}

export function AttributeTable() {
  const name = store.table.value;
  const layer = name ? layerByName.value.get(name) : undefined;
  const asked = query({ limit: PAGE, ...restrictions() });
  useEffect(() => {
    sort.value = filter.value = '';
  }, [name]);
  const version = name ? layerVersions.value.get(name) : undefined;
  useEffect(() => {
    if (!name) return;
    const timer = setTimeout(() => go([`/api/layers/${name}/items${asked}`]), 150);
    return () => clearTimeout(timer);
  }, [name, asked, version]);
  useEffect(() => page.clear(), [name]);
  if (!name || !layer) return null;
  const empty = <Note icon="table" title={t('table_empty')} />;
  const { q, bbox, sort: order } = restrictions();
  return (
    <section class="table-panel" aria-label={`${t('table')}: ${say(layer.title)}`}>
      <div class="table-head">
        <h2>{say(layer.title)}</h2>
        <input type="search" aria-label={t('filter')} placeholder={t('filter')} value={filter.value} onInput={(event) => (filter.value = event.currentTarget.value)} />
        <label class="check">
          <input type="checkbox" checked={inView.value} onChange={(event) => (inView.value = event.currentTarget.checked)} />
          {t('in_view')}
        </label>
        <Pager layer={layer} />
        <a class="button small" href={`/api/layers/${name}/items.csv${query({ q, bbox, sort: order })}`} download>
          <Icon name="download" size={16} />
          CSV
        </a>
        <button type="button" class="icon-button" aria-label={t('close')} onClick={() => (store.table.value = null)}>
          <Icon name="close" />
        </button>
      </div>
      <div class={page.loading.value ? 'table-scroll busy' : 'table-scroll'} tabIndex={0} role="region" aria-label={say(layer.title)}>
        <Shown of={page} rows={6} empty={{ when: (p) => !p.features.length, view: empty }}>
          {(data) => (
            <table class="attribute-table">
              <Head layer={layer} />
              <Rows layer={layer} items={data.features} />
            </table>
          )}
        </Shown>
      </div>
    </section>
  );
}
