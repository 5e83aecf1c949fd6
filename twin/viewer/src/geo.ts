/** Distances, areas and web-Mercator positions from longitudes and latitudes in degrees. */
import type { Bounds, LonLat } from './types.ts';

const EARTH_RADIUS_M = 6371008.8; // mean radius of GRS 80, as Turf and MapLibre use
const MERCATOR_HALF_M = 20037508.342789244;
const rad = (degrees: number) => (degrees * Math.PI) / 180;

/** Great-circle distance [m]. */
export function distance(a: LonLat, b: LonLat): number {
  const h =
    Math.sin(rad(b[1] - a[1]) / 2) ** 2 +
    Math.cos(rad(a[1])) * Math.cos(rad(b[1])) * Math.sin(rad(b[0] - a[0]) / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

export function pathLength(points: readonly LonLat[]): number {
  let sum = 0;
  for (let i = 1; i < points.length; i++) sum += distance(points[i - 1]!, points[i]!);
  return sum;
}

/** Area [m²] of a ring on the sphere (Chamberlain & Duquette 2007); open or closed ring. */
export function ringArea(ring: readonly LonLat[]): number {
  if (ring.length < 3) return 0;
  let sum = 0;
  for (let i = 0; i < ring.length; i++) {
    const a = ring[i]!;
    const b = ring[(i + 1) % ring.length]!;
    sum += rad(b[0] - a[0]) * (2 + Math.sin(rad(a[1])) + Math.sin(rad(b[1])));
  }
  return Math.abs((sum * EARTH_RADIUS_M * EARTH_RADIUS_M) / 2);
}

/** EPSG:3857 meters. */
export function toMercatorMeters([lon, lat]: LonLat): [number, number] {
  const y = Math.log(Math.tan(Math.PI / 4 + rad(lat) / 2)) / Math.PI;
  return [(lon / 180) * MERCATOR_HALF_M, y * MERCATOR_HALF_M];
}

/** Position in the world square: 0..1 from the north-west corner. */
export function worldPosition(x_m: number, y_m: number): [number, number] {
  return [
    (x_m + MERCATOR_HALF_M) / (2 * MERCATOR_HALF_M),
    (MERCATOR_HALF_M - y_m) / (2 * MERCATOR_HALF_M),
  ];
}

export function boundsOf(geometry: GeoJSON.Geometry): Bounds | null {
  const bounds: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  const visit = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    if (typeof value[0] === 'number') {
      const [x, y] = value as number[];
      bounds[0] = Math.min(bounds[0], x!);
      bounds[1] = Math.min(bounds[1], y!);
      bounds[2] = Math.max(bounds[2], x!);
      bounds[3] = Math.max(bounds[3], y!);
    } else value.forEach(visit);
  };
  if (geometry.type === 'GeometryCollection') {
    for (const part of geometry.geometries) visit('coordinates' in part ? part.coordinates : null);
  } else visit(geometry.coordinates);
  return Number.isFinite(bounds[0]) ? bounds : null;
}

export const centerOf = (b: Bounds): LonLat => [(b[0] + b[2]) / 2, (b[1] + b[3]) / 2];

/** Width and height [m] of bounds, measured through their middle. */
export function extentMeters(b: Bounds): [number, number] {
  const [x, y] = centerOf(b);
  return [distance([b[0], y], [b[2], y]), distance([x, b[1]], [x, b[3]])];
}
