/** The viewer's icons: one stroke family on a 24-unit square, drawn here and fetched from nowhere. */

const PATHS = {
  layers: 'M12 3 3 8l9 5 9-5zM3 12.5l9 5 9-5M3 17l9 5 9-5',
  rain: 'M7 15a4.5 4.5 0 0 1 .4-8.98A6 6 0 0 1 18.5 8 3.6 3.6 0 0 1 18 15M8 18l-1 3M12.5 18l-1 3M17 18l-1 3',
  search: 'M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM16 16l5 5',
  jobs: 'M4 6h16M4 12h10M4 18h7M17 14v5m-2.5-2.5h5',
  sun: 'M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4',
  moon: 'M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5z',
  user: 'M12 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM4.5 20.5c.8-3.8 3.8-5.5 7.5-5.5s6.7 1.7 7.5 5.5',
  close: 'M6 6l12 12M18 6 6 18',
  play: 'M8 5.5v13l10.5-6.5z',
  pause: 'M8 5v14M16 5v14',
  next: 'M6 6v12l8-6zM18 6v12',
  previous: 'M18 6v12l-8-6zM6 6v12',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  compass: 'M12 3l3.5 9h-7zM8.5 12h7L12 21z',
  measure: 'M3 16.5 16.5 3 21 7.5 7.5 21zM7 12.5l2 2M10 9.5l2.5 2.5M13 6.5l2 2',
  area: 'M5 7l9-3 6 8-5 8-10-2zM5 7v.01M14 4v.01M20 12v.01M15 20v.01M5 18v.01',
  camera: 'M4 8h3.5L9 5.5h6L16.5 8H20v11H4zM12 10.5a3 3 0 1 1 0 6 3 3 0 0 1 0-6z',
  share: 'M9 12a3 3 0 1 1-6 0 3 3 0 0 1 6 0zM21 6a3 3 0 1 1-6 0 3 3 0 0 1 6 0zM21 18a3 3 0 1 1-6 0 3 3 0 0 1 6 0zM8.7 10.6l6.6-3.3M8.7 13.4l6.6 3.3',
  table: 'M3.5 5h17v14h-17zM3.5 10h17M3.5 14.5h17M9.5 10v9',
  download: 'M12 4v11M7.5 11l4.5 4.5 4.5-4.5M4 20h16',
  target: 'M12 7a5 5 0 1 1 0 10 5 5 0 0 1 0-10zM12 2v5M12 17v5M2 12h5M17 12h5',
  warning: 'M12 4 2.5 20h19zM12 10v4.5M12 17.3v.01',
  info: 'M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM12 11v5.5M12 7.8v.01',
  chevron: 'M9 6l6 6-6 6',
  sort: 'M8 10l4-5 4 5M8 14l4 5 4-5',
  up: 'M7 14l5-6 5 6',
  down: 'M7 10l5 6 5-6',
  building: 'M5 21V4h9v17M14 9h5v12M8 8h3M8 12h3M8 16h3M3 21h18',
  offline: 'M3 3l18 18M5 12.5a10 10 0 0 1 4-2.3M15 10.3a10 10 0 0 1 4 2.2M8.5 16a5 5 0 0 1 7 0M12 20v.01M2 8.8a15 15 0 0 1 4-2.6M10 5.1A15 15 0 0 1 22 8.8',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  upload: 'M12 16V5M7.5 9.5 12 5l4.5 4.5M4 20h16',
  trash: 'M5 7h14M9.5 7V4.5h5V7M7 7l1 13h8l1-13',
  pin: 'M12 21s7-6.5 7-11.5a7 7 0 0 0-14 0C5 14.5 12 21 12 21zM12 7a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z',
  menu: 'M4 7h16M4 12h16M4 17h16',
  eye: 'M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 9.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5z',
  bookmark: 'M6.5 4h11v16.5L12 16.5l-5.5 4z',
  clock: 'M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM12 7v5.5l3.5 2',
  grid: 'M4 4h16v16H4zM4 12h16M12 4v16',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
