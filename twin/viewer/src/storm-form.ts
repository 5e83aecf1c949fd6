/** The storm form: what the person typed, and the scenario it means. */
import { signal } from '@preact/signals';
import type { Bounds, LonLat, Obstacles, RainKind, RainPattern, Scenario, Series } from './types.ts';

export interface DraftInflow {
  name: string;
  at: LonLat;
  discharge: string;
}

/** Everything as typed; minutes and hours where people think in them. */
export interface Draft {
  title: string;
  area: Bounds | null;
  cell_m: string;
  rainKind: RainKind;
  total_mm: string;
  rain_min: string;
  pattern: RainPattern;
  peak: string;
  series: Series;
  seriesName: string;
  inflows: DraftInflow[];
  manning: string;
  edges: 'open' | 'closed';
  buildings: Obstacles;
  baseflow: boolean;
  run_h: string;
  output_min: string;
}

export const NEW_DRAFT: Draft = {
  title: '',
  area: null,
  cell_m: '10',
  rainKind: 'design',
  total_mm: '120',
  rain_min: '60',
  pattern: 'chicago',
  peak: '0.4',
  series: [],
  seriesName: '',
  inflows: [],
  manning: '0.035',
  edges: 'open',
  buildings: 'auto',
  baseflow: true,
  run_h: '2',
  output_min: '5',
};

/** Kept outside the panel, so that looking at something else loses nothing. */
export const draft = signal<Draft>(NEW_DRAFT);

export function edit(change: Partial<Draft>): void {
  draft.value = { ...draft.peek(), ...change };
}

/** Fields that are not a number above zero, by the server's name for them. */
export function invalidFields(d: Draft): string[] {
  const positive = (value: string) => value.trim() !== '' && Number(value) > 0;
  const wrong: string[] = [];
  const need = (field: string, value: string) => positive(value) || wrong.push(field);
  if (!d.title.trim()) wrong.push('title');
  need('cell_m', d.cell_m);
  if (d.rainKind === 'series') {
    if (!d.series.length) wrong.push('rain.series');
  } else {
    // a storm may be an inflow alone
    if (d.total_mm.trim() === '' || !(Number(d.total_mm) >= 0)) wrong.push('rain.total_mm');
    need('rain.duration_s', d.rain_min);
    if (d.rainKind === 'design' && d.pattern !== 'uniform' && !(Number(d.peak) > 0 && Number(d.peak) < 1)) {
      wrong.push('rain.peak');
    }
  }
  d.inflows.forEach((inflow, i) => need(`inflows.${i}.discharge_m3_s`, inflow.discharge));
  need('manning', d.manning);
  need('duration_s', d.run_h);
  need('output_interval_s', d.output_min);
  return wrong;
}

export function toScenario(d: Draft): Scenario {
  const amount = { total_mm: Number(d.total_mm), duration_s: Math.round(Number(d.rain_min) * 60) };
  const rain: Scenario['rain'] =
    d.rainKind === 'series'
      ? { kind: 'series', series: d.series }
      : d.rainKind === 'uniform'
        ? { kind: 'uniform', ...amount }
        : { kind: 'design', ...amount, pattern: d.pattern, peak: Number(d.peak) };
  return {
    title: d.title.trim(),
    area: d.area ? { bbox: d.area } : null,
    cell_m: Number(d.cell_m),
    duration_s: Math.round(Number(d.run_h) * 3600),
    // to the millisecond: what is too short must reach the server as it was typed
    output_interval_s: Math.round(Number(d.output_min) * 60_000) / 1000,
    rain,
    inflows: d.inflows.map(({ name, at, discharge }) => ({
      name,
      lon: at[0],
      lat: at[1],
      discharge_m3_s: Number(discharge),
    })),
    manning: Number(d.manning),
    edges: d.edges,
    buildings: d.buildings,
    baseflow: d.baseflow,
  };
}

/** The form again from a scenario, to run a variant of it. */
export function fromScenario(s: Scenario): Draft {
  const { rain } = s;
  return {
    ...NEW_DRAFT,
    title: s.title,
    area: s.area?.bbox ?? null,
    cell_m: String(s.cell_m),
    rainKind: rain.kind,
    total_mm: String(rain.total_mm ?? NEW_DRAFT.total_mm),
    rain_min: rain.duration_s ? String(rain.duration_s / 60) : NEW_DRAFT.rain_min,
    pattern: rain.pattern ?? NEW_DRAFT.pattern,
    peak: String(rain.peak ?? NEW_DRAFT.peak),
    series: rain.series ?? [],
    inflows: (s.inflows ?? []).map((inflow) => ({
      name: inflow.name,
      at: [inflow.lon, inflow.lat],
      discharge: String(inflow.discharge_m3_s ?? ''),
    })),
    manning: String(s.manning),
    edges: s.edges,
    buildings: s.buildings ?? NEW_DRAFT.buildings,
    baseflow: s.baseflow ?? NEW_DRAFT.baseflow,
    run_h: String(s.duration_s / 3600),
    output_min: String(s.output_interval_s / 60),
  };
}

/** The form's own name for a field the server complained about: `inflows[0].lon` is `inflows.0`. */
export function normalField(field: string): string {
  const dotted = field.replace(/\[(\d+)\]/g, '.$1').replace(/^(body|payload|scenario|data)\./, '');
  return /^inflows\.\d+\.(lon|lat|name)$/.test(dotted) ? dotted.replace(/\.\w+$/, '') : dotted;
}
