/** Colors of water depth [m] for the map, the legend and the tables: one ramp, said once. */

export interface Stop {
  depth: number;
  color: string;
  /** Opacity of the water on the map, so that streets stay readable below thin water. */
  alpha: number;
}

export const DEPTH_STOPS: readonly Stop[] = [
  { depth: 0.05, color: '#deebf7', alpha: 0.62 },
  { depth: 0.3, color: '#9ecae1', alpha: 0.76 },
  { depth: 0.6, color: '#4292c6', alpha: 0.84 },
  { depth: 1, color: '#2171b5', alpha: 0.88 },
  { depth: 2, color: '#084594', alpha: 0.92 },
  { depth: 4, color: '#081d58', alpha: 0.94 },
];

/** Water thinner than this [m] is not drawn. */
export const SHOWN_DEPTH_M = DEPTH_STOPS[0]!.depth;

export type Rgba = [red: number, green: number, blue: number, alpha: number];

/** '#rrggbb' as three numbers 0..1. */
export function rgb(hex: string): [number, number, number] {
  const value = Number.parseInt(hex.slice(1), 16);
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}

/** Color of a depth [m], 0..1 each, not premultiplied; transparent below the first stop. */
export function depthColor(depth: number): Rgba {
  if (!(depth >= SHOWN_DEPTH_M)) return [0, 0, 0, 0];
  const last = DEPTH_STOPS[DEPTH_STOPS.length - 1]!;
  let upper = DEPTH_STOPS.findIndex((stop) => stop.depth > depth);
  if (upper < 0) return [...rgb(last.color), last.alpha];
  upper = Math.max(upper, 1);
  const [a, b] = [DEPTH_STOPS[upper - 1]!, DEPTH_STOPS[upper]!];
  const f = (depth - a.depth) / (b.depth - a.depth);
  const [from, to] = [rgb(a.color), rgb(b.color)];
  const mix = (x: number, y: number) => x + (y - x) * f;
  return [mix(from[0], to[0]), mix(from[1], to[1]), mix(from[2], to[2]), mix(a.alpha, b.alpha)];
}

const css = ([r, g, b, a]: Rgba, opacity: number) =>
  `rgba(${Math.round(r * 255)},${Math.round(g * 255)},${Math.round(b * 255)},${+(a * opacity).toFixed(3)})`;

/** A `color-relief-color` expression for rasters that hold depth [m] as elevation. */
export function depthRelief(opacity = 1): unknown[] {
  const expression: unknown[] = ['interpolate', ['linear'], ['elevation']];
  expression.push(SHOWN_DEPTH_M - 0.001, 'rgba(222,235,247,0)');
  for (const stop of DEPTH_STOPS) expression.push(stop.depth, css(depthColor(stop.depth), opacity));
  return expression;
}

/** Colors of impact classes on buildings: shallow blues vanish on a gray city, so warm tones. */
export const IMPACT_COLORS = ['#f2c14e', '#f08a24', '#d64545', '#8f2d6b', '#4a1a5c'] as const;

export function impactColor(index: number): string {
  return IMPACT_COLORS[Math.min(Math.max(index, 0), IMPACT_COLORS.length - 1)]!;
}
