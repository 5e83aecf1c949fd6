/** Clicks and the cursor: which feature is here, how deep the water is. */
import { effect } from '@preact/signals';
import type { MapGeoJSONFeature, MapMouseEvent, PointLike } from 'maplibre-gl';
import { layerByName, run } from '../catalog.ts';
import * as state from '../map-state.ts';
import * as store from '../store.ts';
import type { LonLat } from '../types.ts';
import type { Context } from './create.ts';
import { shownFrames } from './flood.ts';
import { layerOf } from './style.ts';
import { useTool } from './tools.ts';

const AGGREGATE = /_(grid|cluster)$/;
const REACH_PX = 6;

/** Points before lines before areas: the smaller thing is the harder one to hit. */
const ORDER: Record<string, number> = { Point: 0, MultiLineString: 1, MultiPolygon: 2 };

export function installPointer({ map, style, loaded }: Context): { stop: () => void; clickCenter: () => void } {
  const byStyleId = () =>
    new Map(style().layers.map((layer) => [layer.id, layerOf(layer)] as const));

  function featuresAt(x: number, y: number): MapGeoJSONFeature[] {
    const box: [PointLike, PointLike] = [[x - REACH_PX, y - REACH_PX], [x + REACH_PX, y + REACH_PX]];
    const exact = map.queryRenderedFeatures([x, y]);
    return [...exact, ...map.queryRenderedFeatures(box)];
  }

  function inspect(x: number, y: number, at: LonLat): void {
    const names = byStyleId();
    const found = new Map<string, state.Hit>();
    state.aggregate.value = null;
    for (const feature of featuresAt(x, y)) {
      const layer = names.get(feature.layer.id);
      if (!layer) continue;
      const { id, count } = feature.properties as { id?: string; count?: number };
      if (AGGREGATE.test(feature.sourceLayer ?? '')) {
        if (!state.aggregate.value && count) state.aggregate.value = { layer, count };
        continue;
      }
      if (!id || found.has(`${layer}/${id}`)) continue;
      const label = layerByName.value.get(layer)?.label_field;
      const name = label ? (feature.properties[label] as string | undefined) : undefined;
      found.set(`${layer}/${id}`, { layer, id, name: name ?? null });
    }
    const rank = (hit: state.Hit) => ORDER[layerByName.value.get(hit.layer)?.geometry ?? ''] ?? 3;
    const ordered = [...found.values()].sort((a, b) => rank(a) - rank(b));
    state.hits.value = ordered;
    const first = ordered[0];
    store.selection.value = { ...(first ? { layer: first.layer, id: first.id } : {}), at };
  }

  function act(x: number, y: number, at: LonLat): void {
    if (state.tool.value === 'none') inspect(x, y, at);
    else useTool(at);
  }

  const click = (event: MapMouseEvent) =>
    act(event.point.x, event.point.y, [event.lngLat.lng, event.lngLat.lat]);
  const clickCenter = () => {
    const { lng, lat } = map.getCenter();
    const { x, y } = map.project([lng, lat]);
    act(x, y, [lng, lat]);
  };
  const move = (event: MapMouseEvent) => hover([event.lngLat.lng, event.lngLat.lat]);
  const hover = (at: LonLat) => {
    const known = !!run.value && !!shownFrames && store.floodMode.value === 'depth';
    const depth = known ? shownFrames!.depthAt(at, store.time.value) : null;
    state.cursor.value = { at, depth, known };
  };
  const leave = () => (state.cursor.value = null);
  const key = (event: KeyboardEvent) => {
    if (event.key === 'Enter') clickCenter();
  };

  map.on('click', click);
  map.on('mousemove', move);
  map.on('mouseout', leave);
  map.getCanvas().addEventListener('keydown', key);
  // the water moves under a resting cursor too
  const stopTime = effect(() => {
    void [store.time.value, loaded.value];
    const last = state.cursor.peek();
    if (last) hover(last.at);
  });
  const stopShape = effect(() => {
    const idle = state.tool.value === 'none';
    map.getCanvas().style.cursor = idle ? '' : 'crosshair';
    // two quick points must not zoom the map away from under them
    if (idle) map.doubleClickZoom.enable();
    else map.doubleClickZoom.disable();
  });
  const stop = () => {
    stopTime();
    stopShape();
    map.getCanvas().removeEventListener('keydown', key);
  };
  return { stop, clickCenter };
}
