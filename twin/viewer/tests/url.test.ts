import { describe, expect, it } from 'vitest';
import { decodeView, DEFAULT_VIEW, encodeView, type ViewState } from '../src/url.ts';

const FULL: ViewState = {
  camera: { center: [107.10123, 16.81234], zoom: 14.25, bearing: -12.5, pitch: 55 },
  layers: new Map([
    ['buildings', 1],
    ['roads', 0.4],
  ]),
  basemap: 'plain',
  view3d: false,
  run: '0c7f1f3e-8d0a-4a5c-b6f2-0d3f5a3a9d10',
  time: 1830,
  mode: 'depth',
  selection: { layer: 'parcels', id: '5d6b', at: [107.1, 16.8] },
  table: 'parcels',
  panel: 'flood',
  language: 'en',
  theme: 'dark',
};

describe('the address of a view', () => {
  it('restores an identical state', () => {
    expect(decodeView(`#${encodeView(FULL)}`)).toEqual(FULL);
    expect(encodeView(decodeView(encodeView(FULL)))).toBe(encodeView(FULL));
  });

  it('is empty for the default view and reads as the default view', () => {
    expect(encodeView(DEFAULT_VIEW)).toBe('');
    expect(decodeView('')).toEqual(DEFAULT_VIEW);
  });

  it('tells no visible layer from the usual layers', () => {
    const none = { ...DEFAULT_VIEW, layers: new Map<string, number>() };
    expect(decodeView(encodeView(none)).layers).toEqual(new Map());
    expect(decodeView('').layers).toBeNull();
  });

  it('keeps a place without a feature, and the maximum without a time', () => {
    const view: ViewState = { ...FULL, selection: { at: [107.1, 16.8] }, mode: 'max', time: 0 };
    expect(decodeView(encodeView(view))).toEqual(view);
  });

  it('leaves the language to the reader where it names none', () => {
    expect(decodeView('#p=flood').language).toBeNull();
    expect(encodeView({ ...DEFAULT_VIEW, language: 'vi' })).toBe('lang=vi');
  });

  it('survives an address that was cut or written by hand', () => {
    const odd = '#c=91,0,3,0,0&l=a:9,<b>&t=-4&run=<script>&sel=%E0%A4%A&lang=fr&theme=pink&x';
    expect(decodeView(odd)).toEqual({ ...DEFAULT_VIEW, layers: new Map([['a', 1]]) });
  });
});
