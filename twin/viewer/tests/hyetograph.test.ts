import { describe, expect, it } from 'vitest';
import { bars, rainAfter, totalOf } from '../src/hyetograph.ts';
import type { Rain } from '../src/types.ts';

const storm = (pattern: Rain['pattern'], more: Partial<Rain> = {}): Rain => ({
  kind: 'design',
  total_mm: 120,
  duration_s: 3600,
  pattern: pattern!,
  peak: 0.4,
  ...more,
});

describe('the rain before it falls', () => {
  it.each(['uniform', 'triangular', 'chicago'] as const)('%s brings the total', (pattern) => {
    expect(totalOf(bars(storm(pattern), 7200))).toBeCloseTo(120, 9);
  });

  it('even rain is even', () => {
    expect(bars({ kind: 'uniform', total_mm: 90, duration_s: 5400 }, 7200)).toEqual([
      { from: 0, to: 5400, rate: 60 },
    ]);
  });

  it('a triangle peaks where it says, near twice the mean', () => {
    const all = bars(storm('triangular'), 7200);
    const top = all.reduce((a, b) => (b.rate > a.rate ? b : a));
    expect(top.rate).toBeGreaterThan(225);
    expect(top.rate).toBeLessThan(240);
    expect(Math.abs((top.from + top.to) / 2 - 0.4 * 3600)).toBeLessThanOrEqual(150);
  });

  it('a Chicago storm has the depth of its curve around the peak', () => {
    // 24 intervals of 150 s; the two beside the peak at 0.4 hold less than the whole curve of 300 s
    const all = bars(storm('chicago'), 7200);
    expect(all.length).toBe(24);
    const curve = (t: number) => t / (t + 600) ** 0.75;
    const top = Math.max(...all.map((b) => (b.rate * 150) / 3600));
    expect(top).toBeLessThanOrEqual((120 * curve(300)) / curve(3600));
    expect(top).toBeGreaterThan((120 * 0.6 * curve(150)) / curve(3600));
    const falling = all.slice(10).map((b) => b.rate);
    expect([...falling].sort((a, b) => b - a)).toEqual(falling);
  });

  it('a series holds each rate until the next time', () => {
    const series: Rain = { kind: 'series', series: [[0, 10], [1800, 40], [3600, 0]] };
    expect(bars(series, 7200).map((b) => [b.from, b.to, b.rate])).toEqual([
      [0, 1800, 10],
      [1800, 3600, 40],
      [3600, 7200, 0],
    ]);
    expect(totalOf(bars(series, 7200))).toBe(25);
  });

  it('knows what falls after the end of the run, and that dry hours are no rain', () => {
    const dryEnd: Rain = { kind: 'series', series: [[0, 10], [1800, 40], [3600, 0], [86400, 0]] };
    expect(rainAfter(bars(dryEnd, 3600), 3600)).toBe(0);
    expect(rainAfter(bars(dryEnd, 2700), 2700)).toBe(10);
    expect(rainAfter(bars(storm('uniform'), 1800), 1800)).toBeCloseTo(60, 9);
    expect(rainAfter(bars(storm('chicago'), 3600), 3600)).toBe(0);
  });

  it('shows nothing for no rain', () => {
    expect(bars(storm('chicago', { total_mm: 0 }), 7200)).toEqual([]);
    expect(bars(storm('chicago', { duration_s: NaN }), 7200)).toEqual([]);
  });
});
