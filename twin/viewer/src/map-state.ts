/** What the map tells the panels and the panels tell the map; the map itself loads later. */
import { signal } from '@preact/signals';
import type { Bounds, ImpactFeature, ImpactLayer, LonLat } from './types.ts';

/** What panels may ask of the map. */
export interface MapHandle {
  flyTo(center: LonLat, zoom?: number): void;
  fit(bounds: Bounds): void;
  zoomBy(step: number): void;
  resetNorth(): void;
  /** Does at the middle of the map what a click there does: for those who use the keyboard. */
  clickCenter(): void;
  screenshot(): Promise<Blob>;
  reload(): void;
}

export const map = signal<MapHandle | null>(null);
export type MapStatus = 'loading' | 'ready' | 'failed' | 'no-webgl2';
export const mapStatus = signal<MapStatus>('loading');
export const mapError = signal<{ message: string; requestId: string | null } | null>(null);

export const visibleBounds = signal<Bounds | null>(null);
export const bearing = signal(0);

/** A feature drawn where the person clicked. */
export interface Hit {
  layer: string;
  id: string;
  name: string | null;
}
export const hits = signal<readonly Hit[]>([]);
/** Aggregated features at a low zoom under the click: how many of which layer. */
export const aggregate = signal<{ layer: string; count: number } | null>(null);

export type Tool = 'none' | 'distance' | 'area' | 'inflow' | 'extent';
export const tool = signal<Tool>('none');
export const toolPoints = signal<readonly LonLat[]>([]);
/** Who wants the picked point or extent. */
export const onPicked = signal<((points: readonly LonLat[]) => void) | null>(null);

/** What the storm form has placed so far. */
export const draftArea = signal<Bounds | null>(null);
export const draftInflows = signal<readonly LonLat[]>([]);

export interface FloodState {
  status: 'none' | 'loading' | 'ready' | 'failed';
  loaded: number;
  message: string;
  requestId: string | null;
}
export const NO_FLOOD: FloodState = { status: 'none', loaded: 0, message: '', requestId: null };
export const flood = signal<FloodState>(NO_FLOOD);
export const retryFlood = signal(0);

/** Water under the cursor: depth [m], or null outside the model. */
export const cursor = signal<{ at: LonLat; depth: number | null; known: boolean } | null>(null);

export interface Affected {
  layer: ImpactLayer;
  features: readonly ImpactFeature[];
}
export const affected = signal<Affected | null>(null);

export function stopTool(): void {
  tool.value = 'none';
  toolPoints.value = [];
  onPicked.value = null;
}

/** Lets the person place one point (`inflow`) or two corners (`extent`) on the map. */
export function pick(kind: 'inflow' | 'extent', done: (points: readonly LonLat[]) => void): void {
  toolPoints.value = [];
  onPicked.value = done;
  tool.value = kind;
}
