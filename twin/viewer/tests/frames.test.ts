import { describe, expect, it } from 'vitest';
import { markOutside } from '../src/half.ts';
import { DepthFrames } from '../src/map/frames.ts';
import { framesAt, neighbor } from '../src/times.ts';
import { toMercatorMeters } from '../src/geo.ts';
import type { LonLat } from '../src/types.ts';

const TIMES = [0, 300, 600];

describe('moments among frames', () => {
  it('lie between two frames, or on the first or the last', () => {
    expect(framesAt(TIMES, 75)).toEqual([0, 1, 0.25]);
    expect(framesAt(TIMES, -5)).toEqual([0, 0, 0]);
    expect(framesAt(TIMES, 600)).toEqual([2, 2, 0]);
    expect(framesAt([], 10)).toEqual([0, 0, 0]);
  });

  it('step to the next output and stop at the ends', () => {
    expect(neighbor(TIMES, 100, 1)).toBe(300);
    expect(neighbor(TIMES, 300, 1)).toBe(600);
    expect(neighbor(TIMES, 600, 1)).toBe(600);
    expect(neighbor(TIMES, 300, -1)).toBe(0);
    expect(neighbor(TIMES, 0, -1)).toBe(0);
  });
});

describe('depth at a place', () => {
  // 2 x 2 cells, two frames; the south-east cell is outside the model
  const low = toMercatorMeters([107, 16]);
  const high = toMercatorMeters([107.02, 16.02]);
  const one = 0x3c00;
  const two = 0x4000;
  const words = new Uint16Array([0, one, two, 0x7e00, one, two, 0, 0x7e00]);
  markOutside(words);
  const frames = new DepthFrames(
    { url: '', width: 2, height: 2, bounds_3857: [...low, ...high], times_s: [0, 600], bytes: 16 },
    words,
  );
  const northWest: LonLat = [107.005, 16.015];
  const southEast: LonLat = [107.015, 16.005];

  it('has row 0 in the north and mixes frames in time', () => {
    expect(frames.depthAt(northWest, 0)).toBe(0);
    expect(frames.depthAt(northWest, 300)).toBe(0.5);
    expect(frames.depthAt([107.015, 16.015], 600)).toBe(2);
    expect(frames.depthAt([107.005, 16.005], 300)).toBe(1);
  });

  it('is unknown, not 0, outside the model and off the grid', () => {
    expect(frames.depthAt(southEast, 300)).toBeNull();
    expect(frames.depthAt([106.9, 16.01], 300)).toBeNull();
    expect(frames.depthAt([107.01, 16.03], 300)).toBeNull();
  });
});
