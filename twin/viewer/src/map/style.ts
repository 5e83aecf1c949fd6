/** The server's style as the person wants it: visible layers, opacity, flat or standing buildings. */
import type { LayerSpecification, StyleSpecification } from 'maplibre-gl';

type Paint = Record<string, unknown>;

const OPACITY: Record<string, readonly string[]> = {
  background: ['background-opacity'],
  fill: ['fill-opacity'],
  line: ['line-opacity'],
  circle: ['circle-opacity', 'circle-stroke-opacity'],
  symbol: ['icon-opacity', 'text-opacity'],
  'fill-extrusion': ['fill-extrusion-opacity'],
  raster: ['raster-opacity'],
  heatmap: ['heatmap-opacity'],
};

/** Multiplies an opacity; zoom expressions must stay outermost, so their outputs are multiplied. */
export function scaleOpacity(value: unknown, factor: number): unknown {
  if (value === undefined || value === null) return factor;
  if (typeof value === 'number') return value * factor;
  if (factor === 1 || !Array.isArray(value)) return value;
  const [operator] = value as unknown[];
  if (operator === 'interpolate' || operator === 'interpolate-hcl') {
    return value.map((part, i) => (i >= 4 && i % 2 === 0 ? scaleOpacity(part, factor) : part));
  }
  if (operator === 'step') {
    return value.map((part, i) => (i >= 2 && i % 2 === 0 ? scaleOpacity(part, factor) : part));
  }
  return ['*', factor, value];
}

/** The twin's layer behind a style layer; null for the background, the relief and the like. */
export function layerOf(layer: LayerSpecification): string | null {
  const name = (layer.metadata as Record<string, unknown> | undefined)?.['twin:layer'];
  return typeof name === 'string' ? name : null;
}

export function sourceLayerOf(layer: LayerSpecification): string | undefined {
  return 'source-layer' in layer ? layer['source-layer'] : undefined;
}

/** The layers a style shows by itself, all at full opacity. */
export function defaultsOf(style: StyleSpecification): Map<string, number> {
  const shown = new Map<string, number>();
  for (const layer of style.layers) {
    const name = layerOf(layer);
    if (name && layer.layout?.visibility !== 'none') shown.set(name, 1);
  }
  return shown;
}

export interface Wish {
  layers: ReadonlyMap<string, number>;
  relief: boolean;
  view3d: boolean;
}

/** What a style layer's visibility and paint become under a wish. */
export function wished(layer: LayerSpecification, wish: Wish): { visible: boolean; paint: Paint } {
  const name = layerOf(layer);
  const base = (layer.paint ?? {}) as Paint;
  const paint: Paint = {};
  let visible = layer.layout?.visibility !== 'none';
  if (layer.type === 'hillshade') visible = wish.relief;
  if (name) {
    const opacity = wish.layers.get(name);
    visible = opacity !== undefined;
    for (const property of OPACITY[layer.type] ?? []) {
      paint[property] = scaleOpacity(base[property], opacity ?? 1);
    }
  }
  if (layer.type === 'fill-extrusion') {
    for (const property of ['fill-extrusion-height', 'fill-extrusion-base']) {
      paint[property] = wish.view3d ? (base[property] ?? 0) : 0;
    }
  }
  return { visible, paint };
}

/** A copy of the style that already looks as wished, so that nothing flashes while it loads. */
export function prepare(style: StyleSpecification, wish: Wish): StyleSpecification {
  const layers = style.layers.map((layer) => {
    const { visible, paint } = wished(layer, wish);
    return {
      ...layer,
      layout: { ...layer.layout, visibility: visible ? 'visible' : 'none' },
      paint: { ...layer.paint, ...paint },
    } as LayerSpecification;
  });
  // terrain is switched by the map, not by the style
  const { terrain: _, ...rest } = style;
  return { ...rest, layers };
}

/** The first style layer that stands above the ground: water and relief go below it. */
export function firstRaised(style: StyleSpecification): string | undefined {
  return style.layers.find((l) => l.type === 'fill-extrusion' || l.type === 'symbol')?.id;
}

export function firstLabel(style: StyleSpecification): string | undefined {
  return style.layers.find((l) => l.type === 'symbol')?.id;
}

/** A tile address that asks for this version. */
export function withVersion(tiles: string, version: number): string {
  const bare = tiles.replace(/([?&])v=[^&]*&?/, '$1').replace(/[?&]$/, '');
  return `${bare}${bare.includes('?') ? '&' : '?'}v=${version}`;
}
