/** Rain over time for the form's preview, in the shapes the server offers. Intensities in mm/h. */
import type { Rain, Series } from './types.ts';

/** One bar of the preview: from, to [s] and the mean intensity between [mm/h]. */
export interface Bar {
  from: number;
  to: number;
  rate: number;
}

/** Storm shapes over 0..1 of the duration, by their cumulated share of the total. */
function cumulated(pattern: NonNullable<Rain['pattern']>, peak: number, duration_s: number) {
  if (pattern === 'triangular') {
    return (x: number) => (x <= peak ? (x * x) / peak : 1 - ((1 - x) * (1 - x)) / (1 - peak));
  }
  if (pattern === 'chicago') {
    // Keifer & Chu (1957) around the peak for i = a / (t + b)^c; only b and c shape it
    const depth = (t: number) => (t * 3600) / (t + CHICAGO_B_S) ** CHICAGO_C;
    const total = depth(duration_s);
    const before = (x: number) => depth((x / peak) * duration_s) / total;
    return (x: number) =>
      x <= peak
        ? peak * (1 - before(peak - x))
        : peak + (1 - peak) * (depth(((x - peak) / (1 - peak)) * duration_s) / total);
  }
  return (x: number) => x;
}

/** The intensity-duration curve behind the Chicago storm: b [s] and c of i = a / (t + b)^c. */
export const CHICAGO_B_S = 600;
export const CHICAGO_C = 0.75;

/** The rain as bars; a series is shown as given, each rate held until the next time. */
export function bars(rain: Rain, run_s: number): Bar[] {
  if (rain.kind === 'series') return seriesBars(rain.series ?? [], run_s);
  const { total_mm = 0, duration_s = 0 } = rain;
  if (!(total_mm > 0) || !(duration_s > 0)) return [];
  const pattern = rain.kind === 'uniform' ? 'uniform' : (rain.pattern ?? 'uniform');
  const peak = Math.min(Math.max(rain.peak ?? 0.4, 0.01), 0.99);
  const share = cumulated(pattern, peak, duration_s);
  // the server's intervals, so that the peak shown is the peak computed
  const count = pattern === 'uniform' ? 1 : Math.max(24, Math.ceil(duration_s / 300));
  const width = duration_s / count;
  return Array.from({ length: count }, (_, i) => {
    const part = share((i + 1) / count) - share(i / count);
    return { from: i * width, to: (i + 1) * width, rate: (part * total_mm * 3600) / width };
  });
}

function seriesBars(series: Series, run_s: number): Bar[] {
  return series.flatMap(([from, rate], i) => {
    const to = series[i + 1]?.[0] ?? Math.max(run_s, from);
    return to > from ? [{ from, to, rate }] : [];
  });
}

/** What would fall after the run's end [mm]. */
export function rainAfter(all: readonly Bar[], run_s: number): number {
  const late = all.filter((bar) => bar.to > run_s);
  return totalOf(late.map((bar) => ({ ...bar, from: Math.max(bar.from, run_s) })));
}

export function totalOf(all: readonly Bar[]): number {
  return all.reduce((sum, bar) => sum + (bar.rate * (bar.to - bar.from)) / 3600, 0);
}
