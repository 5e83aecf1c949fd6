/** A value from the server with its loading, error and age, so every panel can say how it is. */
import { type Signal, signal } from '@preact/signals';
import { ApiError } from './api.ts';

export interface Resource<T> {
  data: Signal<T | null>;
  error: Signal<ApiError | null>;
  loading: Signal<boolean>;
  /** When the data came, in milliseconds since 1970; 0 before. */
  at: Signal<number>;
  load: () => Promise<void>;
  clear: () => void;
}

/** Wraps a fetcher. A newer load makes an older one's answer unwanted; old data stays on errors. */
export function resource<T>(fetcher: (signal: AbortSignal) => Promise<T>): Resource<T> {
  const data = signal<T | null>(null);
  const error = signal<ApiError | null>(null);
  const loading = signal(false);
  const at = signal(0);
  let current: AbortController | null = null;

  async function load(): Promise<void> {
    current?.abort();
    const mine = new AbortController();
    current = mine;
    loading.value = true;
    try {
      const value = await fetcher(mine.signal);
      if (current !== mine) return;
      data.value = value;
      error.value = null;
      at.value = Date.now();
    } catch (reason) {
      if (current !== mine) return;
      error.value =
        reason instanceof ApiError ? reason : new ApiError(String(reason), 'server', 0, null, null);
    } finally {
      if (current === mine) loading.value = false;
    }
  }

  function clear(): void {
    current?.abort();
    current = null;
    data.value = null;
    error.value = null;
    loading.value = false;
  }
  return { data, error, loading, at, load, clear };
}
