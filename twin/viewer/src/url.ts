/**
 * The state of a view as the fragment of its address, both ways.
 *
 * `#c=16.81230,107.10020,14.20,0,0&l=buildings,roads:0.5&run=…&t=1800` - short, readable, and
 * independent of the server. Unknown keys are left alone, wrong values fall back to the default.
 */
import type { Language, LonLat } from './types.ts';

export interface Camera {
  center: LonLat;
  zoom: number;
  bearing: number;
  pitch: number;
}

export interface Selection {
  layer?: string;
  id?: string;
  at?: LonLat;
}

export type Theme = 'light' | 'dark';
export type FloodMode = 'depth' | 'max';
export type LeftPanel = 'layers' | 'flood' | 'none';

export interface ViewState {
  camera: Camera | null;
  /** Visible layers with their opacity; null means the style's own choice. */
  layers: ReadonlyMap<string, number> | null;
  basemap: string;
  view3d: boolean;
  run: string | null;
  time: number;
  mode: FloodMode;
  selection: Selection | null;
  table: string | null;
  panel: LeftPanel;
  /** Null leaves it to the reader. */
  language: Language | null;
  theme: Theme | null;
}

export const DEFAULT_VIEW: ViewState = {
  camera: null,
  layers: null,
  basemap: 'relief',
  view3d: true,
  run: null,
  time: 0,
  mode: 'depth',
  selection: null,
  table: null,
  panel: 'layers',
  language: null,
  theme: null,
};

const round = (value: number, digits: number) => String(+value.toFixed(digits));
const NAME = /^[a-z0-9_]+$/i;
const ID = /^[\w.:-]+$/;

export function encodeView(view: ViewState): string {
  const parts: [string, string][] = [];
  const { camera: c, selection: s } = view;
  if (c) {
    const numbers = [round(c.center[1], 5), round(c.center[0], 5), round(c.zoom, 2)];
    parts.push(['c', [...numbers, round(c.bearing, 1), round(c.pitch, 1)].join(',')]);
  }
  if (view.layers) {
    const shown = [...view.layers].map(([name, o]) => (o === 1 ? name : `${name}:${round(o, 2)}`));
    parts.push(['l', shown.join(',') || '-']);
  }
  if (view.basemap !== DEFAULT_VIEW.basemap) parts.push(['b', view.basemap]);
  if (!view.view3d) parts.push(['d', '2']);
  if (view.run) {
    parts.push(['run', view.run]);
    if (view.mode === 'max') parts.push(['m', 'max']);
    else if (view.time > 0) parts.push(['t', round(view.time, 0)]);
  }
  if (s) {
    const at = s.at ? `@${round(s.at[0], 6)},${round(s.at[1], 6)}` : '';
    parts.push(['sel', (s.layer && s.id ? `${s.layer}/${s.id}` : '') + at]);
  }
  if (view.table) parts.push(['table', view.table]);
  if (view.panel !== DEFAULT_VIEW.panel) parts.push(['p', view.panel]);
  if (view.language) parts.push(['lang', view.language]);
  if (view.theme) parts.push(['theme', view.theme]);
  return parts.map(([key, value]) => `${key}=${encodeURI(value)}`).join('&');
}

function numbers(text: string, count: number): number[] | null {
  const values = text.split(',').map(Number);
  return values.length === count && values.every(Number.isFinite) ? values : null;
}

function decodeCamera(text: string): Camera | null {
  const values = numbers(text, 5);
  if (!values) return null;
  const [lat, lon, zoom, bearing, pitch] = values as [number, number, number, number, number];
  if (Math.abs(lat) > 85 || Math.abs(lon) > 180 || zoom < 0 || zoom > 24) return null;
  return { center: [lon, lat], zoom, bearing, pitch: Math.min(Math.max(pitch, 0), 85) };
}

function decodeLayers(text: string): ReadonlyMap<string, number> {
  const layers = new Map<string, number>();
  for (const part of text.split(',')) {
    const [name = '', opacity] = part.split(':');
    const value = opacity === undefined ? 1 : Number(opacity);
    if (NAME.test(name)) layers.set(name, value >= 0 && value <= 1 ? value : 1);
  }
  return layers;
}

function decodeSelection(text: string): Selection | null {
  const [feature = '', place] = text.split('@');
  const [layer = '', id = ''] = feature.split('/');
  const at = place ? numbers(place, 2) : null;
  const selection: Selection = {};
  if (NAME.test(layer) && ID.test(id)) Object.assign(selection, { layer, id });
  if (at) selection.at = at as LonLat;
  return selection.layer || selection.at ? selection : null;
}

export function decodeView(fragment: string): ViewState {
  const view: ViewState = { ...DEFAULT_VIEW };
  const given = new Map<string, string>();
  for (const part of fragment.replace(/^#/, '').split('&')) {
    const cut = part.indexOf('=');
    if (cut < 1) continue;
    try {
      given.set(part.slice(0, cut), decodeURIComponent(part.slice(cut + 1)));
    } catch {
      // a truncated escape in a pasted address: the rest of the address is still good
    }
  }
  const read = (key: string, use: (value: string) => void) => {
    const value = given.get(key);
    if (value !== undefined && value !== '') use(value);
  };
  read('c', (v) => (view.camera = decodeCamera(v)));
  read('l', (v) => (view.layers = decodeLayers(v)));
  read('b', (v) => ID.test(v) && (view.basemap = v));
  read('d', (v) => (view.view3d = v !== '2'));
  read('run', (v) => ID.test(v) && (view.run = v));
  read('t', (v) => Number(v) >= 0 && (view.time = Number(v)));
  read('m', (v) => (view.mode = v === 'max' ? 'max' : 'depth'));
  read('sel', (v) => (view.selection = decodeSelection(v)));
  read('table', (v) => NAME.test(v) && (view.table = v));
  read('p', (v) => (v === 'flood' || v === 'none') && (view.panel = v));
  read('lang', (v) => (v === 'en' || v === 'vi') && (view.language = v));
  read('theme', (v) => (v === 'light' || v === 'dark') && (view.theme = v));
  return view;
}
