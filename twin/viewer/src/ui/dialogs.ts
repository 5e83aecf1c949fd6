/** Which overlay is open. */
import { signal } from '@preact/signals';

export const loginOpen = signal(false);
export const jobsOpen = signal(false);
export const shareOpen = signal(false);
/** The storm form in place of the run list. */
export const stormFormOpen = signal(false);

/** On small screens: the inspector shows its title only. */
export const inspectorFolded = signal(false);
/** On phones: the time bar shows everything, not only play and the time. */
export const timeBarOpen = signal(false);

export interface Notice {
  id: number;
  kind: 'good' | 'bad' | 'info';
  text: string;
  action?: { label: string; run: () => void };
}

export const notices = signal<Notice[]>([]);
let count = 0;
const STAY_MS = { good: 8000, info: 8000, bad: 10_000 };

/** Says something for a while; said again, it stays once and as long as the last time. */
export function notify(kind: Notice['kind'], text: string, action?: Notice['action']): void {
  const notice: Notice = { id: ++count, kind, text, ...(action ? { action } : {}) };
  const others = notices.peek().filter((old) => old.kind !== kind || old.text !== text);
  notices.value = [...others.slice(-3), notice];
  setTimeout(() => dismiss(notice.id), STAY_MS[kind]);
}

export function dismiss(id: number): void {
  notices.value = notices.peek().filter((notice) => notice.id !== id);
}
