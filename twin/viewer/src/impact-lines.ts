/** Rows of the impacts table, folded for reading. */
import type { ImpactLayer, ImpactRow } from './types.ts';

export interface Line {
  ward: string | null;
  ward_id: string | null;
  /** A value for each class: a count, or meters for roads. */
  values: number[];
  total: number;
}

/** Rows of one layer folded to one line a ward, most affected first. */
export function byWard(rows: readonly ImpactRow[], layer: ImpactLayer, classes: number): Line[] {
  const lines = new Map<string, Line>();
  for (const row of rows) {
    if (row.layer !== layer) continue;
    const key = row.ward_id ?? row.ward ?? '';
    const line = lines.get(key) ?? {
      ward: row.ward,
      ward_id: row.ward_id,
      values: new Array<number>(classes).fill(0),
      total: 0,
    };
    const value = layer === 'roads' ? (row.length_m ?? 0) : row.count;
    line.values[row.class] = (line.values[row.class] ?? 0) + value;
    line.total += value;
    lines.set(key, line);
  }
  return [...lines.values()].sort((a, b) => b.total - a.total);
}
