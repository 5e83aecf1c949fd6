import { describe, expect, it } from 'vitest';
import { DEPTH_STOPS, depthColor, depthRelief, rgb } from '../src/ramp.ts';

describe('colors of depth', () => {
  it('are those of the brief at its depths', () => {
    expect(DEPTH_STOPS.map((s) => [s.depth, s.color])).toEqual([
      [0.05, '#deebf7'],
      [0.3, '#9ecae1'],
      [0.6, '#4292c6'],
      [1, '#2171b5'],
      [2, '#084594'],
      [4, '#081d58'],
    ]);
    for (const stop of DEPTH_STOPS) {
      expect(depthColor(stop.depth)).toEqual([...rgb(stop.color), stop.alpha]);
    }
  });

  it('show nothing below 5 cm, outside the model or for no number', () => {
    for (const depth of [0, 0.049, -1, NaN]) expect(depthColor(depth)[3]).toBe(0);
  });

  it('get darker and denser with depth, and stay at the last color', () => {
    const light = (d: number) => depthColor(d).slice(0, 3).reduce((a, b) => a + b, 0);
    const depths = [0.05, 0.2, 0.5, 0.8, 1.5, 3, 4];
    for (let i = 1; i < depths.length; i++) expect(light(depths[i]!)).toBeLessThan(light(depths[i - 1]!));
    expect(depthColor(50)).toEqual(depthColor(4));
  });

  it('make a relief expression whose inputs rise', () => {
    const inputs = depthRelief(0.5).slice(3).filter((_, i) => i % 2 === 0) as number[];
    expect(inputs.length).toBe(DEPTH_STOPS.length + 1);
    for (let i = 1; i < inputs.length; i++) expect(inputs[i]!).toBeGreaterThan(inputs[i - 1]!);
  });
});
