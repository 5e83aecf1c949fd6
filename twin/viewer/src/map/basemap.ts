/** A published raster (orthophoto, scanned map) as the ground instead of the relief. */
import { effect } from '@preact/signals';
import { city } from '../catalog.ts';
import * as store from '../store.ts';
import type { Context } from './create.ts';

const ID = 'twin-basemap';

export function installBasemap({ map, style, loaded }: Context): () => void {
  return effect(() => {
    const chosen = city.data.value?.basemaps.find((b) => b.id === store.basemap.value);
    if (loaded.value === 0) return;
    if (map.getLayer(ID)) map.removeLayer(ID);
    if (map.getSource(ID)) map.removeSource(ID);
    if (!chosen) return;
    map.addSource(ID, {
      type: 'raster',
      tiles: [chosen.tiles],
      tileSize: 256,
      ...(chosen.bounds ? { bounds: chosen.bounds } : {}),
      ...(chosen.minzoom !== undefined ? { minzoom: chosen.minzoom } : {}),
      ...(chosen.maxzoom !== undefined ? { maxzoom: chosen.maxzoom } : {}),
    });
    // above the background and the relief, below everything that was measured
    const above = style().layers.find((l) => l.type !== 'background' && l.type !== 'hillshade');
    map.addLayer({ id: ID, type: 'raster', source: ID }, above?.id);
  });
}
