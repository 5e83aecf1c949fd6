/** Depth frames of a run: fetched with progress, kept as float16 words, read under the cursor. */
import { request } from '../api.ts';
import { toMercatorMeters } from '../geo.ts';
import { halfToNumber, littleEndianWords, markOutside } from '../half.ts';
import { framesAt } from '../times.ts';
import type { Frames, LonLat } from '../types.ts';

export class DepthFrames {
  constructor(
    readonly info: Frames,
    readonly words: Uint16Array,
  ) {}

  /** Depth [m] in the cell at a place and time; null outside the model. */
  depthAt(place: LonLat, t: number): number | null {
    const { width, height, bounds_3857: b, times_s } = this.info;
    const [x, y] = toMercatorMeters(place);
    const column = Math.floor(((x - b[0]) / (b[2] - b[0])) * width);
    const row = Math.floor(((b[3] - y) / (b[3] - b[1])) * height);
    if (column < 0 || row < 0 || column >= width || row >= height) return null;
    const [from, to, f] = framesAt(times_s, t);
    const cell = row * width + column;
    const depth0 = halfToNumber(this.words[from * width * height + cell]!);
    const depth1 = halfToNumber(this.words[to * width * height + cell]!);
    if (depth0 < 0 || depth1 < 0) return null;
    return depth0 + (depth1 - depth0) * f;
  }
}

/** Downloads frames; `progress` hears 0..1. Throws `ApiError`, or `Error` where bytes are missing. */
export async function fetchFrames(
  info: Frames,
  signal: AbortSignal,
  progress: (fraction: number) => void,
): Promise<DepthFrames> {
  const response = await request(info.url, { signal });
  const expected = info.times_s.length * info.width * info.height * 2;
  const bytes = new Uint8Array(expected);
  const reader = response.body!.getReader();
  let received = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (received + value.length > expected) received = Infinity;
    else bytes.set(value, received);
    received += value.length;
    progress(Math.min(received / expected, 1));
  }
  if (received !== expected) {
    throw new Error(`${info.url}: ${received} ≠ ${expected} bytes`);
  }
  const words = littleEndianWords(bytes.buffer);
  markOutside(words);
  return new DepthFrames(info, words);
}
