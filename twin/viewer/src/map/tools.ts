/** Measuring and placing: clicks become points, points become lines, areas, inflows, extents. */
import { effect } from '@preact/signals';
import type { GeoJSONSource } from 'maplibre-gl';
import * as state from '../map-state.ts';
import type { Bounds, LonLat } from '../types.ts';
import type { Context } from './create.ts';

const ID = 'twin-tools';
const COLOR = '#c2185b';

/** What a click means while a tool is on. */
export function useTool(at: LonLat): void {
  const kind = state.tool.peek();
  const points = [...state.toolPoints.peek(), at];
  const needed = kind === 'inflow' ? 1 : kind === 'extent' ? 2 : Infinity;
  if (points.length < needed) {
    state.toolPoints.value = points;
    return;
  }
  const done = state.onPicked.peek();
  state.stopTool();
  done?.(points);
}

function ring([w, s, e, n]: Bounds): LonLat[] {
  return [[w, s], [e, s], [e, n], [w, n], [w, s]];
}

function drawn(): GeoJSON.Feature[] {
  const features: GeoJSON.Feature[] = [];
  const add = (geometry: GeoJSON.Geometry, role: string) =>
    features.push({ type: 'Feature', properties: { role }, geometry });
  const points = state.toolPoints.value as LonLat[];
  for (const point of points) add({ type: 'Point', coordinates: point }, 'point');
  if (points.length > 1) add({ type: 'LineString', coordinates: points }, 'line');
  if (state.tool.value === 'area' && points.length > 2) {
    add({ type: 'Polygon', coordinates: [[...points, points[0]!]] }, 'area');
  }
  const extent = state.draftArea.value;
  if (extent) add({ type: 'Polygon', coordinates: [ring(extent)] }, 'extent');
  for (const place of state.draftInflows.value) add({ type: 'Point', coordinates: place }, 'inflow');
  return features;
}

export function installTools({ map, loaded }: Context): () => void {
  const stop = effect(() => {
    const data: GeoJSON.FeatureCollection = { type: 'FeatureCollection', features: drawn() };
    if (loaded.value === 0) return;
    if (!map.getSource(ID)) addLayers();
    (map.getSource(ID) as GeoJSONSource).setData(data);
  });

  function addLayers(): void {
    map.addSource(ID, { type: 'geojson', data: { type: 'FeatureCollection', features: [] } });
    const role = (name: string) => ['==', ['get', 'role'], name] as never;
    map.addLayer({ id: `${ID}:area`, type: 'fill', source: ID, filter: role('area'), paint: { 'fill-color': COLOR, 'fill-opacity': 0.15 } });
    map.addLayer({ id: `${ID}:extent`, type: 'line', source: ID, filter: role('extent'), paint: { 'line-color': COLOR, 'line-width': 2.5, 'line-dasharray': [3, 2] } });
    map.addLayer({ id: `${ID}:line`, type: 'line', source: ID, filter: ['in', ['get', 'role'], ['literal', ['line', 'area']]], paint: { 'line-color': COLOR, 'line-width': 2.5 } });
    map.addLayer({ id: `${ID}:point`, type: 'circle', source: ID, filter: role('point'), paint: { 'circle-radius': 4.5, 'circle-color': '#fff', 'circle-stroke-color': COLOR, 'circle-stroke-width': 2.5 } });
    map.addLayer({ id: `${ID}:inflow`, type: 'circle', source: ID, filter: role('inflow'), paint: { 'circle-radius': 8, 'circle-color': '#2171b5', 'circle-stroke-color': '#fff', 'circle-stroke-width': 3 } });
  }
  return stop;
}
