import { expect, it } from 'vitest';
import { joined } from '../src/search-results.ts';
import type { SearchResult } from '../src/types.ts';

const result = (layer: string, id: string, title: string, bbox: SearchResult['bbox']): SearchResult => ({
  layer, id, title, subtitle: { en: '', vi: '' }, center: [bbox[0], bbox[1]], bbox,
});

it('joins the pieces of a street and nothing else', () => {
  const found = joined(
    [
      result('roads', 'a', 'Lê Lợi', [1, 1, 2, 2]),
      result('sensors', 's', 'Trạm 1', [5, 5, 5, 5]),
      result('roads', 'b', 'Lê Lợi', [0, 2, 1, 3]),
      result('sensors', 'u', 'Trạm 1', [6, 6, 6, 6]),
      result('roads', 'c', 'Lê Duẩn', [7, 7, 8, 8]),
    ],
    (layer) => layer === 'roads',
  );
  expect(found.map((r) => [r.id, r.bbox])).toEqual([
    ['a', [0, 1, 2, 3]],
    ['s', [5, 5, 5, 5]],
    ['u', [6, 6, 6, 6]],
    ['c', [7, 7, 8, 8]],
  ]);
});
