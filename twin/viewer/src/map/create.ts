/**
 * The map: makes it, keeps it in step with the store, and offers panels a `MapHandle`.
 *
 * This module and MapLibre load after the shell, so a browser without WebGL 2 still has the
 * tables, the runs and the impacts.
 */
import { effect, type Signal, signal, untracked } from '@preact/signals';
import {
  AttributionControl,
  Map as MapLibre,
  type RequestParameters,
  ScaleControl,
  setWorkerUrl,
  type StyleSpecification,
} from 'maplibre-gl';
// maplibre's own worker file must be named, or a production build shows an empty map
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import { ApiError, getJson, query } from '../api.ts';
import { city, layerVersions, session } from '../catalog.ts';
import { t } from '../i18n/index.ts';
import * as state from '../map-state.ts';
import * as store from '../store.ts';
import type { Bounds } from '../types.ts';
import { installBasemap } from './basemap.ts';
import { followCamera, handle } from './camera.ts';
import { installFlood } from './flood.ts';
import { installHighlights } from './highlight.ts';
import { installPointer } from './pointer.ts';
import { defaultsOf, layerOf, prepare, type Wish, wished, withVersion } from './style.ts';
import { installTools } from './tools.ts';

/** The map, its style as the server gave it, and a count of how often a style was loaded. */
export interface Context {
  map: MapLibre;
  style: () => StyleSpecification;
  /** Overlays read it in an effect: it is 0 until a style is there and changes with each new one. */
  loaded: Signal<number>;
}

setWorkerUrl(workerUrl);

const wish = (): Wish => ({
  layers: store.layers.value,
  relief: store.basemap.value === 'relief',
  view3d: store.view3d.value,
});

/** Root-relative addresses made absolute as text: `new URL()` would encode `{z}`. */
function absolute(url: string): RequestParameters {
  return { url: url.startsWith('/') ? location.origin + url : url, credentials: 'same-origin' };
}

export function createMap(container: HTMLElement): () => void {
  let style: StyleSpecification = { version: 8, sources: {}, layers: [] };
  const loaded = signal(0);
  const bounds = city.data.peek()?.bounds;
  const camera = store.camera.peek();
  const map = new MapLibre({
    container,
    style,
    ...(camera ?? (bounds ? { bounds, fitBoundsOptions: { padding: 24 } } : {})),
    transformRequest: absolute,
    attributionControl: false,
    locale: { 'Map.Title': t('map') },
    maxPitch: 75,
    fadeDuration: store.reducedMotion.peek() ? 0 : 200,
    canvasContextAttributes: { contextType: 'webgl2', antialias: true },
  });
  if (!camera && bounds && store.view3d.peek()) map.setPitch(40);
  map.addControl(new ScaleControl({ maxWidth: 110 }), 'bottom-left');
  map.addControl(new AttributionControl({ compact: false }), 'bottom-left');
  const context: Context = { map, style: () => style, loaded };
  const stops: (() => void)[] = [];
  const follow = (run: () => void) => stops.push(effect(run));

  let wanted = 0;
  async function loadStyle(): Promise<void> {
    const mine = ++wanted;
    const words = { lang: store.language.peek(), theme: store.theme.peek() };
    try {
      const fresh = await getJson<StyleSpecification>(`/style.json${query(words)}`);
      if (mine !== wanted) return;
      style = fresh;
      store.defaultLayers.value = defaultsOf(style);
      loaded.value = 0;
      map.setStyle(prepare(style, untracked(wish)), { diff: false });
      state.mapError.value = null;
    } catch (error) {
      if (mine !== wanted) return;
      const { message, requestId } = error instanceof ApiError ? error : new ApiError(String(error), 'server', 0, null, null);
      state.mapError.value = { message, requestId };
      state.mapStatus.value = 'failed';
    }
  }
  let count = 0;
  map.on('style.load', () => {
    if (wanted === 0) return; // the empty style of the start
    loaded.value = ++count;
    state.mapStatus.value = 'ready';
  });
  map.on('webglcontextrestored', () => void loadStyle());
  map.on('error', ({ error }) => console.warn('map:', error?.message ?? error));

  // tiles that failed while the network was away are not asked for again by themselves
  let away = false;
  follow(() => {
    const back = store.online.value && away;
    away = !store.online.value;
    if (back) {
      untracked(() => void loadStyle());
      if (state.flood.peek().status === 'failed') state.retryFlood.value++;
    }
  });
  follow(() => map.getCanvas().setAttribute('aria-label', t('map')));
  // words and colors of the style; a login may add layers
  follow(() => {
    void [store.language.value, store.theme.value, session.data.value?.user?.username];
    if (session.data.value || session.error.value) untracked(() => void loadStyle());
  });
  follow(() => {
    const wishes = wish();
    if (loaded.value === 0) return;
    for (const layer of style.layers) applyWish(map, layer, wishes);
  });
  follow(() => {
    const terrain = store.view3d.value && 'terrain' in style.sources && loaded.value > 0;
    if (loaded.value > 0) map.setTerrain(terrain ? { source: 'terrain', exaggeration: 1 } : null);
  });
  follow(() => {
    const versions = layerVersions.value;
    if (loaded.value === 0) return;
    for (const [name, version] of versions) refreshTiles(map, name, version);
  });
  const pointer = installPointer(context);
  stops.push(
    followCamera(map),
    installBasemap(context),
    installFlood(context),
    installHighlights(context),
    installTools(context),
    pointer.stop,
  );
  state.map.value = handle(map, () => void loadStyle(), pointer.clickCenter);

  const reportBounds = () => {
    state.visibleBounds.value = map.getBounds().toArray().flat() as Bounds;
    state.bearing.value = map.getBearing();
  };
  map.on('moveend', reportBounds);
  map.on('rotate', () => (state.bearing.value = map.getBearing()));
  reportBounds();
  return () => {
    stops.forEach((stop) => stop());
    state.map.value = null;
    map.remove();
  };
}

function applyWish(map: MapLibre, layer: StyleSpecification['layers'][number], wishes: Wish): void {
  if (!map.getLayer(layer.id)) return;
  if (!layerOf(layer) && layer.type !== 'hillshade' && layer.type !== 'fill-extrusion') return;
  const { visible, paint } = wished(layer, wishes);
  const visibility = visible ? 'visible' : 'none';
  if (map.getLayoutProperty(layer.id, 'visibility') !== visibility) {
    map.setLayoutProperty(layer.id, 'visibility', visibility);
  }
  for (const [property, value] of Object.entries(paint)) {
    if (JSON.stringify(map.getPaintProperty(layer.id, property as never)) !== JSON.stringify(value)) {
      map.setPaintProperty(layer.id, property as never, value as never);
    }
  }
}

function refreshTiles(map: MapLibre, name: string, version: number): void {
  const source = map.getSource(name) as { tiles?: string[]; setTiles?: (t: string[]) => void } | undefined;
  if (!source?.tiles || !source.setTiles) return;
  const tiles = source.tiles.map((address) => withVersion(address, version));
  if (tiles.some((address, i) => address !== source.tiles![i])) source.setTiles(tiles);
}
