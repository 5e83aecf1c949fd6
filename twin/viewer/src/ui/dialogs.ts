/** Which overlay is open. */
import { signal } from '@preact/signals';

export const loginOpen = signal(false);
export const jobsOpen = signal(false);
export const shareOpen = signal(false);
/** The storm form in place of the run list. */
export const stormFormOpen = signal(false);

export interface Notice {
  id: number;
  kind: 'good' | 'bad' | 'info';
  text: string;
  action?: { label: string; run: () => void };
}

export const notices = signal<Notice[]>([]);
let count = 0;

/** Says something for a while; bad news stays until it is closed. */
export function notify(kind: Notice['kind'], text: string, action?: Notice['action']): void {
  const notice: Notice = { id: ++count, kind, text, ...(action ? { action } : {}) };
  notices.value = [...notices.peek().slice(-3), notice];
  if (kind !== 'bad') setTimeout(() => dismiss(notice.id), 8000);
}

export function dismiss(id: number): void {
  notices.value = notices.peek().filter((notice) => notice.id !== id);
}
