import { describe, expect, it } from 'vitest';
import { byWard } from '../src/impact-lines.ts';
import type { ImpactRow } from '../src/types.ts';

const row = (part: Partial<ImpactRow>): ImpactRow => ({
  ward: 'Phường 1', ward_id: 'w1', layer: 'buildings', class: 0, count: 0, length_m: null, area_m2: null, ...part,
});

describe('impacts by ward', () => {
  const rows = [
    row({ class: 0, count: 4 }),
    row({ class: 2, count: 3 }),
    row({ ward: 'Phường 2', ward_id: 'w2', class: 1, count: 20 }),
    row({ ward: null, ward_id: null, class: 0, count: 1 }),
    row({ layer: 'roads', class: 1, count: 5, length_m: 812.5 }),
  ];

  it('counts features of one layer, most affected ward first, none lost', () => {
    const lines = byWard(rows, 'buildings', 3);
    expect(lines.map((l) => [l.ward, l.values, l.total])).toEqual([
      ['Phường 2', [0, 20, 0], 20],
      ['Phường 1', [4, 0, 3], 7],
      [null, [1, 0, 0], 1],
    ]);
  });

  it('measures roads by length', () => {
    expect(byWard(rows, 'roads', 3)).toEqual([{ ward: 'Phường 1', ward_id: 'w1', values: [0, 812.5, 0], total: 812.5 }]);
  });
});
