/** What the viewer shows, as signals; the address bar follows them and they follow it. */
import { batch, computed, effect, signal } from '@preact/signals';
import type { Language } from './types.ts';
import { type Camera, decodeView, encodeView, type Selection, type ViewState } from './url.ts';

const LANGUAGE_KEY = 'song-sinh-language';

function rememberedLanguage(): Language | null {
  try {
    const kept = localStorage.getItem(LANGUAGE_KEY);
    return kept === 'vi' || kept === 'en' ? kept : null;
  } catch {
    return null; // storage may be forbidden: the address still holds the language
  }
}

/** Speaks the language a person asked for, and remembers it for addresses that name none. */
export function chooseLanguage(code: Language): void {
  language.value = code;
  try {
    localStorage.setItem(LANGUAGE_KEY, code);
  } catch {
    // see above
  }
}

const initial = decodeView(location.hash);

export const camera = signal<Camera | null>(initial.camera);
export const chosenLayers = signal(initial.layers);
export const basemap = signal(initial.basemap);
export const view3d = signal(initial.view3d);
export const runId = signal(initial.run);
/** Time since the start of the run [s]. */
export const time = signal(initial.time);
export const floodMode = signal(initial.mode);
export const selection = signal<Selection | null>(initial.selection);
export const table = signal(initial.table);
export const panel = signal(initial.panel);
export const language = signal<Language>(initial.language ?? rememberedLanguage() ?? 'vi');
export const chosenTheme = signal(initial.theme);

const darkSystem = matchMedia('(prefers-color-scheme: dark)');
const systemTheme = signal(darkSystem.matches ? 'dark' : 'light');
darkSystem.addEventListener('change', (e) => (systemTheme.value = e.matches ? 'dark' : 'light'));
export const theme = computed(() => chosenTheme.value ?? (systemTheme.value as 'light' | 'dark'));

/** The layers the style shows by itself, known once the style has come. */
export const defaultLayers = signal<ReadonlyMap<string, number>>(new Map());
export const layers = computed(() => chosenLayers.value ?? defaultLayers.value);

export const playing = signal(false);
/** Simulated seconds in one second. */
export const speed = signal(300);
export const floodOpacity = signal(1);

const motionQuery = matchMedia('(prefers-reduced-motion: reduce)');
export const reducedMotion = signal(motionQuery.matches);
motionQuery.addEventListener('change', (e) => (reducedMotion.value = e.matches));

const phoneQuery = matchMedia('(max-width: 720px)');
export const isPhone = signal(phoneQuery.matches);
phoneQuery.addEventListener('change', (e) => (isPhone.value = e.matches));

export const online = signal(navigator.onLine);
addEventListener('online', () => (online.value = true));
addEventListener('offline', () => (online.value = false));

export function setLayer(name: string, opacity: number | null): void {
  const next = new Map(layers.value);
  if (opacity === null) next.delete(name);
  else next.set(name, opacity);
  chosenLayers.value = next;
}

const view = computed<ViewState>(() => ({
  camera: camera.value,
  layers: chosenLayers.value,
  basemap: basemap.value,
  view3d: view3d.value,
  run: runId.value,
  // while playing, the address would change 60 times a second: it catches up on pause
  time: playing.value ? time.peek() : time.value,
  mode: floodMode.value,
  selection: selection.value,
  table: table.value,
  panel: panel.value,
  language: language.value,
  theme: chosenTheme.value,
}));

export const viewFragment = computed(() => encodeView(view.value));

let writing: ReturnType<typeof setTimeout> | undefined;

/** Starts following the address bar in both directions. */
export function followAddress(): void {
  effect(() => {
    const fragment = `#${viewFragment.value}`;
    clearTimeout(writing);
    // browsers refuse more than about 100 history changes in 30 s
    writing = setTimeout(() => {
      if (location.hash !== fragment) history.replaceState(null, '', fragment);
    }, 250);
  });
  addEventListener('hashchange', () => {
    clearTimeout(writing);
    applyView(decodeView(location.hash));
  });
}

/** Shows a decoded view: from a pasted address or a bookmark. */
export function applyView(next: ViewState): void {
  batch(() => {
    camera.value = next.camera ?? camera.peek();
    chosenLayers.value = next.layers;
    basemap.value = next.basemap;
    view3d.value = next.view3d;
    runId.value = next.run;
    time.value = next.time;
    floodMode.value = next.mode;
    selection.value = next.selection;
    table.value = next.table;
    panel.value = next.panel;
    language.value = next.language ?? language.peek();
    chosenTheme.value = next.theme;
    playing.value = false;
  });
}
