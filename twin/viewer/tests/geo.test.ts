import { describe, expect, it } from 'vitest';
import { boundsOf, distance, pathLength, ringArea, toMercatorMeters, worldPosition } from '../src/geo.ts';

describe('measuring', () => {
  it('knows a degree of the equator and of a meridian', () => {
    expect(distance([0, 0], [1, 0])).toBeCloseTo(111195, 0);
    expect(distance([107, 16], [107, 17])).toBeCloseTo(111195, 0);
    expect(pathLength([[0, 0], [1, 0], [1, 1]])).toBeCloseTo(2 * 111195.08, 0);
  });

  it('knows the area of a small square whichever way it is drawn', () => {
    const square: [number, number][] = [[107, 16], [107.01, 16], [107.01, 16.01], [107, 16.01]];
    const sides = distance([107, 16.005], [107.01, 16.005]) * distance([107, 16], [107, 16.01]);
    expect(ringArea(square) / sides).toBeCloseTo(1, 5);
    expect(ringArea([...square].reverse())).toBeCloseTo(ringArea(square), 3);
    expect(ringArea(square.slice(0, 2))).toBe(0);
  });

  it('places EPSG:3857 in the world square', () => {
    expect(worldPosition(0, 0)).toEqual([0.5, 0.5]);
    const [x, y] = toMercatorMeters([107.1, 16.8]);
    expect(x).toBeCloseTo(11922317.46, 0);
    expect(y).toBeCloseTo(1897556.23, 0);
  });

  it('bounds geometries', () => {
    expect(boundsOf({ type: 'MultiPolygon', coordinates: [[[[1, 2], [3, 5], [2, 4], [1, 2]]]] })).toEqual([1, 2, 3, 5]);
    expect(boundsOf({ type: 'Point', coordinates: [7, 8] })).toEqual([7, 8, 7, 8]);
    expect(boundsOf({ type: 'MultiPoint', coordinates: [] })).toBeNull();
  });
});
