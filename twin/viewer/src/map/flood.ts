/** The chosen run on the map: its depth frames or its maximum depth, its outline, its hatching. */
import { computed, effect, untracked } from '@preact/signals';
import { ApiError } from '../api.ts';
import { run } from '../catalog.ts';
import { toMercatorMeters } from '../geo.ts';
import { t } from '../i18n/index.ts';
import * as state from '../map-state.ts';
import { depthRelief } from '../ramp.ts';
import * as store from '../store.ts';
import type { Bounds, Product } from '../types.ts';
import type { Context } from './create.ts';
import { FloodLayer } from './flood-layer.ts';
import { type DepthFrames, fetchFrames } from './frames.ts';
import { firstLabel, firstRaised } from './style.ts';

const MAX = 'twin-max-depth';
const OUTLINE = 'twin-model';

/** The frames on screen, for the depth under the cursor. */
export let shownFrames: DepthFrames | null = null;

const framesProduct = computed(() => run.value?.products?.find((p) => p.frames) ?? null);
const maxProduct = computed(
  () => run.value?.products?.find((p) => p.kind === 'max_depth' && p.tiles) ?? null,
);
/** Same run, same products: a new list from the server must not fetch 64 MB again. */
const key = computed(() => `${framesProduct.value?.id ?? ''} ${maxProduct.value?.id ?? ''}`);

function mercatorBounds(product: Product): Bounds {
  if (product.frames) return product.frames.bounds_3857;
  const [west, south, east, north] = product.bounds;
  const low = toMercatorMeters([west, south]);
  const high = toMercatorMeters([east, north]);
  return [low[0], low[1], high[0], high[1]];
}

export function installFlood({ map, style, loaded }: Context): () => void {
  let layer: FloodLayer | null = null;
  let fetching: AbortController | null = null;
  const repaint = () => {
    // read before asking for the layer: an effect follows only what it has read
    const wish = {
      time: store.time.value,
      water: store.floodMode.value === 'depth',
      opacity: store.floodOpacity.value,
      dark: store.theme.value === 'dark',
    };
    layer?.show(wish);
    if (layer) map.triggerRepaint();
  };

  async function fetchShown(): Promise<void> {
    fetching?.abort();
    shownFrames = null;
    const product = framesProduct.peek();
    state.flood.value = state.NO_FLOOD;
    if (!product?.frames) {
      if (maxProduct.peek()) state.flood.value = { ...state.NO_FLOOD, status: 'ready' };
      return place();
    }
    const mine = new AbortController();
    fetching = mine;
    const progress = (loaded: number) => {
      state.flood.value = { ...state.NO_FLOOD, status: 'loading', loaded };
    };
    progress(0);
    place();
    try {
      const frames = await fetchFrames(product.frames, mine.signal, progress);
      if (fetching !== mine) return;
      shownFrames = frames;
      state.flood.value = { ...state.NO_FLOOD, status: 'ready', loaded: 1 };
      place();
    } catch (error) {
      if (mine.signal.aborted) return;
      const requestId = error instanceof ApiError ? error.requestId : null;
      const message = error instanceof ApiError && error.kind === 'offline' ? t('offline') : String((error as Error).message);
      state.flood.value = { status: 'failed', loaded: 0, message, requestId };
    }
  }

  /** Puts the water that is there now; called again when frames come or the style is new. */
  function place(): void {
    if (map.getLayer('twin-flood')) map.removeLayer('twin-flood');
    layer = null;
    const product = framesProduct.peek() ?? maxProduct.peek();
    if (!product || loaded.peek() === 0) return;
    layer = new FloodLayer(shownFrames, mercatorBounds(product));
    map.addLayer(layer, firstRaised(style()));
    untracked(repaint);
  }

  /** The maximum of the chosen run; its tiles are asked for only while they are to be seen. */
  function placeMax(): void {
    if (map.getLayer(MAX)) map.removeLayer(MAX);
    if (map.getSource(MAX)) map.removeSource(MAX);
    const max = maxProduct.peek();
    if (!max?.tiles || loaded.peek() === 0) return;
    map.addSource(MAX, {
      type: 'raster-dem',
      tiles: [max.tiles],
      encoding: 'terrarium',
      tileSize: 256,
      bounds: max.bounds,
      minzoom: max.minzoom,
      maxzoom: max.maxzoom,
    });
    const paint = { 'color-relief-color': depthRelief(store.floodOpacity.peek()) as never };
    const visibility = store.floodMode.peek() === 'max' ? 'visible' : 'none';
    const above = map.getLayer('twin-flood') ? 'twin-flood' : firstRaised(style());
    map.addLayer({ id: MAX, type: 'color-relief', source: MAX, paint, layout: { visibility } }, above);
  }

  const stops = [
    effect(() => {
      void [key.value, state.retryFlood.value];
      untracked(() => void fetchShown());
    }),
    effect(() => {
      if (loaded.value > 0) untracked(place);
    }),
    effect(() => {
      void key.value;
      if (loaded.value > 0) untracked(placeMax);
    }),
    effect(repaint),
    effect(() => {
      const visibility = store.floodMode.value === 'max' ? 'visible' : 'none';
      const paint = depthRelief(store.floodOpacity.value);
      if (loaded.value === 0 || !map.getLayer(MAX)) return;
      map.setLayoutProperty(MAX, 'visibility', visibility);
      map.setPaintProperty(MAX, 'color-relief-color', paint as never);
    }),
    effect(() => {
      const area = run.value?.area ?? null;
      const dark = store.theme.value === 'dark';
      if (loaded.value === 0) return;
      if (map.getLayer(OUTLINE)) map.removeLayer(OUTLINE);
      if (map.getSource(OUTLINE)) map.removeSource(OUTLINE);
      if (!area) return;
      map.addSource(OUTLINE, { type: 'geojson', data: area });
      map.addLayer(
        {
          id: OUTLINE,
          type: 'line',
          source: OUTLINE,
          paint: { 'line-color': dark ? '#e8eef4' : '#16202a', 'line-width': 1.5, 'line-dasharray': [4, 2], 'line-opacity': 0.7 },
        },
        firstLabel(style()),
      );
    }),
  ];
  return () => {
    fetching?.abort();
    stops.forEach((stop) => stop());
    shownFrames = null;
  };
}
