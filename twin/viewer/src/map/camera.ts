/** The camera in both directions between the map and the store, and the moves panels may ask for. */
import { effect } from '@preact/signals';
import type { Map as MapLibre } from 'maplibre-gl';
import type { MapHandle } from '../map-state.ts';
import * as store from '../store.ts';
import type { Camera } from '../url.ts';
import { screenshot } from './screenshot.ts';

function read(map: MapLibre): Camera {
  const { lng, lat } = map.getCenter();
  return {
    center: [lng, lat],
    zoom: map.getZoom(),
    bearing: map.getBearing(),
    pitch: map.getPitch(),
  };
}

const near = (a: number, b: number, limit: number) => Math.abs(a - b) < limit;

/** Equal as far as the address can tell. */
function same(a: Camera, b: Camera): boolean {
  return (
    near(a.center[0], b.center[0], 2e-5) &&
    near(a.center[1], b.center[1], 2e-5) &&
    near(a.zoom, b.zoom, 0.02) &&
    near(a.bearing, b.bearing, 0.2) &&
    near(a.pitch, b.pitch, 0.2)
  );
}

export function followCamera(map: MapLibre): () => void {
  const report = () => (store.camera.value = read(map));
  map.on('moveend', report);
  const stopCamera = effect(() => {
    const wanted = store.camera.value;
    if (wanted && !map.isMoving() && !same(wanted, read(map))) map.jumpTo(wanted);
  });
  let before = store.view3d.peek();
  const stop3d = effect(() => {
    const now = store.view3d.value;
    if (now !== before) map.easeTo({ pitch: now ? 50 : 0, bearing: now ? map.getBearing() : 0 });
    before = now;
  });
  return () => {
    stopCamera();
    stop3d();
    map.off('moveend', report);
  };
}

const essential = () => ({ duration: store.reducedMotion.peek() ? 0 : 900 });

/** Room for the panels that lie over the map. */
function padding(map: MapLibre) {
  const { clientWidth: width, clientHeight: height } = map.getContainer();
  return width > 900
    ? { top: 60, left: 60, right: Math.min(400, width * 0.4), bottom: Math.min(180, height * 0.3) }
    : { top: 40, left: 30, right: 30, bottom: Math.min(200, height * 0.35) };
}

export function handle(map: MapLibre, reload: () => void, clickCenter: () => void): MapHandle {
  return {
    flyTo: (center, zoom) =>
      map.easeTo({ center, zoom: zoom ?? Math.max(map.getZoom(), 16), ...essential() }),
    fit: (bounds) => map.fitBounds(bounds, { padding: padding(map), maxZoom: 17.5, ...essential() }),
    zoomBy: (step) => map.easeTo({ zoom: map.getZoom() + step, duration: essential().duration / 3 }),
    resetNorth: () => map.easeTo({ bearing: 0, ...essential() }),
    clickCenter,
    screenshot: () => screenshot(map),
    reload,
  };
}
