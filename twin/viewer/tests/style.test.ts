import type { StyleSpecification } from 'maplibre-gl';
import { describe, expect, it } from 'vitest';
import { defaultsOf, firstRaised, prepare, scaleOpacity, withVersion } from '../src/map/style.ts';

const STYLE = {
  version: 8,
  sources: {},
  terrain: { source: 'terrain' },
  layers: [
    { id: 'background', type: 'background' },
    { id: 'hillshade', type: 'hillshade', source: 'hillshade' },
    { id: 'roads', type: 'line', source: 'roads', metadata: { 'twin:layer': 'roads' }, paint: { 'line-opacity': 0.8 } },
    { id: 'parcels', type: 'fill', source: 'parcels', metadata: { 'twin:layer': 'parcels' }, layout: { visibility: 'none' } },
    { id: 'buildings', type: 'fill-extrusion', source: 'buildings', metadata: { 'twin:layer': 'buildings' }, paint: { 'fill-extrusion-height': ['get', 'height_m'] } },
  ],
} as StyleSpecification;

const at = (style: StyleSpecification, id: string) => style.layers.find((l) => l.id === id)!;

describe('the style as wished', () => {
  it('knows which layers are shown by themselves', () => {
    expect(defaultsOf(STYLE)).toEqual(new Map([['roads', 1], ['buildings', 1]]));
    expect(firstRaised(STYLE)).toBe('buildings');
  });

  it('shows what is wished, as dense as wished, and leaves terrain to the map', () => {
    const style = prepare(STYLE, { layers: new Map([['parcels', 1], ['roads', 0.5]]), relief: false, view3d: true });
    expect(at(style, 'parcels').layout?.visibility).toBe('visible');
    expect(at(style, 'buildings').layout?.visibility).toBe('none');
    expect(at(style, 'hillshade').layout?.visibility).toBe('none');
    expect(at(style, 'background').layout?.visibility).toBe('visible');
    expect(at(style, 'roads').paint).toEqual({ 'line-opacity': 0.4 });
    expect(style.terrain).toBeUndefined();
    expect(STYLE.terrain).toBeDefined();
  });

  it('lays buildings flat in 2D', () => {
    const flat = prepare(STYLE, { layers: defaultsOf(STYLE), relief: true, view3d: false });
    expect(at(flat, 'buildings').paint).toMatchObject({ 'fill-extrusion-height': 0 });
  });

  it('keeps zoom outermost when it scales an expression', () => {
    expect(scaleOpacity(['interpolate', ['linear'], ['zoom'], 10, 0.2, 14, 1], 0.5)).toEqual(
      ['interpolate', ['linear'], ['zoom'], 10, 0.1, 14, 0.5],
    );
    expect(scaleOpacity(['step', ['zoom'], 0, 12, 1], 0.5)).toEqual(['step', ['zoom'], 0, 12, 0.5]);
    expect(scaleOpacity(['get', 'o'], 0.5)).toEqual(['*', 0.5, ['get', 'o']]);
    expect(scaleOpacity(undefined, 0.5)).toBe(0.5);
  });

  it('asks for tiles of a version without touching the template', () => {
    const tiles = '/tiles/roads/{z}/{x}/{y}.mvt';
    expect(withVersion(`${tiles}?v=3`, 4)).toBe(`${tiles}?v=4`);
    expect(withVersion(tiles, 4)).toBe(`${tiles}?v=4`);
    expect(withVersion(`${tiles}?v=3&a=b`, 4)).toBe(`${tiles}?a=b&v=4`);
  });
});
