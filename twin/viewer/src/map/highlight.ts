/** What is selected and what the water reaches, drawn over the layers. */
import { effect, signal } from '@preact/signals';
import type { GeoJSONSource, LayerSpecification } from 'maplibre-gl';
import { getJson } from '../api.ts';
import * as state from '../map-state.ts';
import { impactColor, IMPACT_COLORS } from '../ramp.ts';
import * as store from '../store.ts';
import type { Item } from '../types.ts';
import type { Context } from './create.ts';
import { firstLabel, layerOf } from './style.ts';

const EMPTY: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: [] };
export const SELECTION_COLOR = '#ff7a00';

/** The geometry of the selected feature, unquantized, from the items endpoint. */
const selected = signal<Item | null>(null);

/** A style layer again, filtered to some features and in other colors. */
function recolored(base: LayerSpecification, id: string, filter: unknown, color: unknown): LayerSpecification | null {
  const paints: Record<string, Record<string, unknown>> = {
    fill: { 'fill-color': color, 'fill-opacity': 0.75 },
    line: { 'line-color': color, 'line-width': 5, 'line-opacity': 0.9 },
    circle: { 'circle-color': color, 'circle-radius': 7, 'circle-stroke-color': '#fff', 'circle-stroke-width': 1.5 },
    'fill-extrusion': { 'fill-extrusion-color': color, 'fill-extrusion-opacity': 0.95 },
  };
  const changed = paints[base.type];
  if (!changed) return null;
  const old = 'filter' in base && base.filter ? [base.filter] : [];
  const heights =
    base.type === 'fill-extrusion'
      ? Object.fromEntries(Object.entries(base.paint ?? {}).filter(([p]) => /height|base/.test(p)))
      : {};
  return {
    ...base,
    id,
    metadata: {},
    filter: ['all', ...old, filter],
    layout: base.type === 'line' ? { 'line-cap': 'round', 'line-join': 'round' } : {},
    paint: { ...heights, ...changed },
  } as LayerSpecification;
}

export function installHighlights({ map, style, loaded }: Context): () => void {
  const added = new Map<string, string[]>();

  /** Draws some features of a layer again above it; replaces what `purpose` drew before. */
  function redraw(purpose: string, layer: string | null, ids: readonly string[], color: unknown): void {
    for (const id of added.get(purpose) ?? []) if (map.getLayer(id)) map.removeLayer(id);
    const now: string[] = [];
    const filter = ['in', ['get', 'id'], ['literal', ids]];
    const own = style().layers.filter((base) => ids.length > 0 && layerOf(base) === layer);
    const standing = own.filter((base) => base.type === 'fill-extrusion');
    // a footprint drawn after the buildings would cover them; aggregates are no features
    for (const base of standing.length ? standing : own) {
      if (/_(grid|cluster)$/.test(('source-layer' in base && base['source-layer']) || '')) continue;
      const copy = recolored(base, `${purpose}:${base.id}`, filter, color);
      if (!copy) continue;
      if (copy.type === 'fill-extrusion' && !store.view3d.value) {
        copy.paint = { ...copy.paint, 'fill-extrusion-height': 0, 'fill-extrusion-base': 0 };
      }
      map.addLayer(copy, firstLabel(style()));
      now.push(copy.id);
    }
    added.set(purpose, now);
  }

  function source(id: string, layers: (id: string) => LayerSpecification[]): GeoJSONSource {
    if (!map.getSource(id)) {
      map.addSource(id, { type: 'geojson', data: EMPTY });
      for (const layer of layers(id)) map.addLayer(layer, firstLabel(style()));
    }
    return map.getSource(id) as GeoJSONSource;
  }

  let wanted = '';
  const stops = [
    effect(() => {
      const { layer, id } = store.selection.value ?? {};
      const key = layer && id ? `/api/layers/${layer}/items/${id}` : '';
      if (key === wanted) return;
      wanted = key;
      selected.value = null;
      if (!key) return;
      getJson<Item>(key).then(
        (item) => key === wanted && (selected.value = item),
        () => {}, // the inspector asks for the same feature and shows why it failed
      );
    }),
    effect(() => {
      const { layer, id, at } = store.selection.value ?? {};
      const item = selected.value;
      if (loaded.value === 0) return;
      const features: GeoJSON.Feature[] = [];
      if (item?.geometry) features.push({ type: 'Feature', properties: {}, geometry: item.geometry });
      if (at) features.push({ type: 'Feature', properties: { place: true }, geometry: { type: 'Point', coordinates: at } });
      source('twin-selection', selectionLayers).setData({ type: 'FeatureCollection', features });
      redraw('twin-selected', layer ?? null, layer === 'buildings' && id ? [id] : [], SELECTION_COLOR);
    }),
    effect(() => {
      const reached = state.affected.value;
      if (loaded.value === 0) return;
      const features = reached?.features ?? [];
      const byClass = IMPACT_COLORS.flatMap((color, index) => {
        const ids = features.filter((f) => f.class === index).map((f) => f.id);
        return ids.length ? [ids, color] : [];
      });
      const color = byClass.length ? ['match', ['get', 'id'], ...byClass, IMPACT_COLORS[0]] : IMPACT_COLORS[0];
      redraw('twin-affected', reached?.layer ?? null, features.map((f) => f.id), color);
      source('twin-affected-places', placeLayers).setData({
        type: 'FeatureCollection',
        features: features.map((f) => ({
          type: 'Feature',
          properties: { color: impactColor(f.class) },
          geometry: { type: 'Point', coordinates: f.center },
        })),
      });
    }),
  ];
  return () => stops.forEach((stop) => stop());
}

function selectionLayers(source: string): LayerSpecification[] {
  const polygon: never = ['==', ['geometry-type'], 'Polygon'] as never;
  const place: never = ['has', 'place'] as never;
  return [
    { id: `${source}:fill`, type: 'fill', source, filter: polygon, paint: { 'fill-color': SELECTION_COLOR, 'fill-opacity': 0.18 } },
    {
      id: `${source}:line`,
      type: 'line',
      source,
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': SELECTION_COLOR, 'line-width': 3.5 },
    },
    {
      id: `${source}:point`,
      type: 'circle',
      source,
      filter: ['all', ['==', ['geometry-type'], 'Point'], ['!', ['has', 'place']]],
      paint: { 'circle-radius': 10, 'circle-color': SELECTION_COLOR, 'circle-opacity': 0.25, 'circle-stroke-color': SELECTION_COLOR, 'circle-stroke-width': 3 },
    },
    {
      id: `${source}:place`,
      type: 'circle',
      source,
      filter: place,
      paint: { 'circle-radius': 4.5, 'circle-color': '#fff', 'circle-stroke-color': SELECTION_COLOR, 'circle-stroke-width': 2.5 },
    },
  ];
}

/** Affected features as dots where their own shapes are too small or not yet in the tiles. */
function placeLayers(source: string): LayerSpecification[] {
  return [
    {
      id: `${source}:dots`,
      type: 'circle',
      source,
      maxzoom: 15,
      paint: { 'circle-radius': ['interpolate', ['linear'], ['zoom'], 10, 2.5, 15, 5], 'circle-color': ['get', 'color'], 'circle-stroke-color': '#fff', 'circle-stroke-width': 1 },
    },
  ];
}
