/** Search by name (with or without diacritics) or by sheet and parcel number. */
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { getJson, query } from '../api.ts';
import { layerByName } from '../catalog.ts';
import { say, t } from '../i18n/index.ts';
import { map } from '../map-state.ts';
import { resource } from '../resource.ts';
import { joined } from '../search-results.ts';
import * as store from '../store.ts';
import type { SearchResult } from '../types.ts';
import { Icon } from '../ui/Icon.tsx';
import { Failure } from '../ui/states.tsx';

const words = signal('');
const open = signal(false);
const active = signal(-1);
const WAIT_MS = 200;

const found = resource(async (signal) => {
  const asked = query({ q: words.peek(), limit: 40, lang: store.language.peek() });
  const { results } = await getJson<{ results: SearchResult[] }>(`/api/search${asked}`, signal);
  const isLine = (name: string) => layerByName.peek().get(name)?.geometry === 'MultiLineString';
  return joined(results, isLine);
});

function choose(result: SearchResult): void {
  open.value = false;
  store.selection.value = { layer: result.layer, id: result.id, at: result.center };
  if (!store.layers.peek().has(result.layer)) store.setLayer(result.layer, 1);
  const [w, s, e, n] = result.bbox;
  if (e - w > 0.0005 || n - s > 0.0005) map.value?.fit(result.bbox);
  else map.value?.flyTo(result.center, 17);
}

export function Search() {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const away = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) open.value = false;
    };
    addEventListener('pointerdown', away);
    return () => removeEventListener('pointerdown', away);
  }, []);
  const q = words.value.trim();
  useEffect(() => {
    active.value = -1;
    if (!q) return found.clear();
    const timer = setTimeout(() => void found.load(), WAIT_MS);
    return () => clearTimeout(timer);
  }, [q]);

  const results = found.data.value ?? [];
  const shown = open.value && q !== '';
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') open.value = false;
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      open.value = true;
      const step = event.key === 'ArrowDown' ? 1 : -1;
      if (results.length) active.value = (active.value + step + results.length) % results.length;
    } else if (event.key === 'Enter') {
      const result = results[Math.max(active.value, 0)];
      if (result) choose(result);
    }
  };
  return (
    <div class="search" ref={box} role="search">
      <Icon name="search" size={18} />
      <input
        type="text"
        role="combobox"
        aria-label={t('search')}
        aria-expanded={shown}
        aria-controls="search-results"
        aria-autocomplete="list"
        {...(active.value >= 0 ? { 'aria-activedescendant': `search-${active.value}` } : {})}
        placeholder={t('search_placeholder')}
        value={words.value}
        onInput={(event) => {
          words.value = event.currentTarget.value;
          open.value = true;
        }}
        onFocus={() => (open.value = true)}
        onKeyDown={onKeyDown}
      />
      {shown && (
        <div class="search-results card" tabIndex={0}>
          {found.error.value && <Failure error={found.error.value} retry={() => void found.load()} />}
          {!found.error.value && found.data.value && !results.length && (
            <p class="quiet pad">{t('search_none', { q })}</p>
          )}
          {!found.data.value && !found.error.value && <p class="quiet pad">{t('loading')}</p>}
          <ul id="search-results" role="listbox" aria-label={t('search')}>
            {results.map((result, i) => (
              <li
                key={`${result.layer}/${result.id}`}
                id={`search-${i}`}
                role="option"
                aria-selected={i === active.value}
                onClick={() => choose(result)}
              >
                <span>{result.title}</span>
                <span class="quiet">
                  {say(result.subtitle) || say(layerByName.value.get(result.layer)?.title)}
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
