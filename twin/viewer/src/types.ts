/** The shapes of the server's JSON, as the viewer reads them. Lengths are meters, times seconds. */

export type Language = 'vi' | 'en';
export type Bilingual = Record<Language, string>;
export type Bounds = [west: number, south: number, east: number, north: number];
export type LonLat = [lon: number, lat: number];

export interface Session {
  user: null | {
    username: string;
    name: string;
    roles: string[];
    can: { run_storm: boolean; edit: string[]; admin: boolean };
  };
  csrf: string;
}

export interface Basemap {
  id: string;
  title: Bilingual | string;
  tiles: string;
  bounds?: Bounds;
  minzoom?: number;
  maxzoom?: number;
}

export interface City {
  name: Bilingual;
  /** Null until wards, terrain or the city itself have been imported. */
  center: LonLat | null;
  bounds: Bounds | null;
  crs: string | null;
  synthetic: boolean;
  terrain: null | {
    tiles: string;
    minzoom: number;
    maxzoom: number;
    bounds: Bounds;
    encoding: 'terrarium';
    vertical_datum: string;
  };
  basemaps: Basemap[];
}

export interface Field {
  name: string;
  title: Bilingual;
  unit: string | null;
  type: 'text' | 'integer' | 'number' | 'boolean' | 'date' | 'datetime';
  help: Bilingual | null;
  choices: null | { value: string; title: Bilingual }[];
}

export interface LegendEntry {
  label: Bilingual;
  color: string;
  color_dark?: string;
  shape: 'fill' | 'line' | 'circle';
}

export interface LayerInfo {
  name: string;
  title: Bilingual;
  group: string;
  group_title: Bilingual;
  geometry: 'Point' | 'MultiLineString' | 'MultiPolygon';
  minzoom: number;
  maxzoom: number;
  version: number;
  count: number;
  bounds: Bounds | null;
  legend: LegendEntry[];
  fields: Field[];
  label_field: string | null;
  lowzoom: null | { below: number; kind: string };
  can_edit: boolean;
  custom: boolean;
}

export type Properties = Record<string, string | number | boolean | null>;

export interface Item {
  type: 'Feature';
  id: string;
  properties: Properties;
  geometry: GeoJSON.Geometry | null;
}

export interface ItemPage {
  type: 'FeatureCollection';
  features: Item[];
  numberReturned: number;
  links: { rel: string; href: string }[];
}

export interface SearchResult {
  layer: string;
  id: string;
  title: string;
  subtitle: Bilingual;
  center: LonLat;
  bbox: Bounds;
}

export interface Frames {
  url: string;
  width: number;
  height: number;
  bounds_3857: Bounds;
  times_s: number[];
  bytes: number;
}

export interface Product {
  id: string;
  kind: string;
  variable: { name: string; unit: string; title: Bilingual };
  bounds: Bounds;
  encoding: 'terrarium' | 'float16';
  tiles: string | null;
  frames: Frames | null;
  minzoom: number;
  maxzoom: number;
}

export type RainKind = 'uniform' | 'design' | 'series';
export type RainPattern = 'uniform' | 'triangular' | 'chicago';
export type Series = [time_s: number, value: number][];

export interface Rain {
  kind: RainKind;
  total_mm?: number;
  duration_s?: number;
  pattern?: RainPattern;
  peak?: number;
  series?: Series;
}

export interface Inflow {
  name: string;
  lon: number;
  lat: number;
  discharge_m3_s?: number;
  series?: Series;
}

export interface Scenario {
  title: string;
  area: { bbox: Bounds } | null;
  cell_m: number;
  duration_s: number;
  output_interval_s: number;
  rain: Rain;
  inflows: Inflow[];
  manning: number;
  edges: 'open' | 'closed';
  /** Whether buildings stand in the water's way: as the terrain's kind suggests, yes, or no. */
  buildings?: Obstacles;
  /** Whether rivers carry their usual flow before the storm. */
  baseflow?: boolean;
}

export type Obstacles = 'auto' | 'raise' | 'ignore';

export type RunStatus = 'queued' | 'running' | 'done' | 'failed' | 'canceled';

/** What a `run` event carries; the list adds scenario, summary and products. */
export interface RunState {
  id: string;
  title: string;
  status: RunStatus;
  progress: number;
  message: Bilingual;
  error: Bilingual | null;
  requested_by: string;
  requested_at: string;
  started_at: string | null;
  finished_at: string | null;
  duration_s: number;
  area: GeoJSON.Polygon | null;
  cell_m: number;
}

export interface Run extends RunState {
  scenario: Scenario;
  summary: null | Record<string, string | number | null>;
  products: Product[];
}

export interface PointSeries {
  inside: boolean;
  bed_m: number | null;
  times_s: number[];
  depth_m: number[];
  level_m: number[];
  max_depth_m: number | null;
  /** What levels and the bed count from, where the terrain says it. */
  vertical_datum: string | null;
}

export type ImpactLayer = 'buildings' | 'parcels' | 'roads';

export interface ImpactRow {
  ward: string | null;
  ward_id: string | null;
  layer: ImpactLayer;
  class: number;
  count: number;
  length_m: number | null;
  area_m2: number | null;
}

export interface Impacts {
  classes: { from_m: number; to_m: number | null }[];
  rows: ImpactRow[];
  /** Which wards the rows are of: today's or those from before a reform. */
  wards?: WardKind;
  left_out: Bilingual;
}

export type WardKind = 'current' | 'former';

export interface ImpactFeature {
  id: string;
  name: string | null;
  class: number;
  max_depth_m: number;
  arrival_s: number | null;
  center: LonLat;
  bbox: Bounds;
}

export interface ImpactFeatures {
  features: ImpactFeature[];
  total: number;
}
