/** Search results as a person counts them. */
import type { SearchResult } from './types.ts';

/** Pieces of one street become one result that spans them all; other things stay apart. */
export function joined(
  results: readonly SearchResult[],
  isLine: (layer: string) => boolean,
): SearchResult[] {
  const streets = new Map<string, SearchResult>();
  const out: SearchResult[] = [];
  for (const result of results) {
    const key = `${result.layer}/${result.title}`;
    const street = isLine(result.layer) ? streets.get(key) : undefined;
    if (!street) {
      const own: SearchResult = { ...result, bbox: [...result.bbox] };
      streets.set(key, own);
      out.push(own);
      continue;
    }
    const [a, b] = [street.bbox, result.bbox];
    street.bbox = [
      Math.min(a[0], b[0]),
      Math.min(a[1], b[1]),
      Math.max(a[2], b[2]),
      Math.max(a[3], b[3]),
    ];
  }
  return out;
}
