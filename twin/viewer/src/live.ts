/**
 * The server's event stream, one connection for all tabs of a browser.
 *
 * The tab that holds the lock `twin-live` listens to /api/live and repeats what it hears on a
 * BroadcastChannel; when it closes, the next tab gets the lock. Without Web Locks (plain http on
 * another machine's address) each tab listens for itself.
 */
import { signal } from '@preact/signals';
import type { RunState } from './types.ts';

export type LiveEvent =
  | { type: 'layer'; data: { layer: string; version: number } }
  | { type: 'run'; data: RunState }
  | { type: 'hello'; data: { server_time: string } }
  | { type: 'state'; data: LiveState };

export type LiveState = 'connecting' | 'open' | 'lost';

export const liveState = signal<LiveState>('connecting');

type Listener = (event: LiveEvent) => void;
const listeners = new Set<Listener>();

export function onLive(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

const EVENT_TYPES = ['layer', 'run', 'hello'] as const;
const RETRY_MS = [1000, 2000, 5000, 10000, 20000];

function deliver(event: LiveEvent): void {
  if (event.type === 'state') liveState.value = event.data;
  for (const listener of listeners) listener(event);
}

/** Keeps one EventSource open; the browser retries lost streams, this retries refused ones. */
function connect(emit: (event: LiveEvent) => void): () => void {
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout>;
  let refused = 0;
  const open = () => {
    source = new EventSource('/api/live');
    source.onopen = () => {
      refused = 0;
      emit({ type: 'state', data: 'open' });
    };
    source.onerror = () => {
      emit({ type: 'state', data: 'lost' });
      if (source.readyState === EventSource.CLOSED) {
        timer = setTimeout(open, RETRY_MS[Math.min(refused++, RETRY_MS.length - 1)]);
      }
    };
    for (const type of EVENT_TYPES) {
      source.addEventListener(type, (message) => {
        emit({ type, data: JSON.parse((message as MessageEvent<string>).data) } as LiveEvent);
      });
    }
  };
  open();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}

let reconnect: () => void = () => {};

export function startLive(): void {
  if (!navigator.locks || !('BroadcastChannel' in window)) {
    let close = connect(deliver);
    reconnect = () => {
      close();
      close = connect(deliver);
    };
    return;
  }
  const channel = new BroadcastChannel('twin-live');
  let close: (() => void) | null = null;
  const emit = (event: LiveEvent) => {
    deliver(event);
    channel.postMessage(event);
  };
  channel.onmessage = ({ data }: MessageEvent<LiveEvent | 'who' | 'reconnect'>) => {
    if (data === 'who') {
      if (close) channel.postMessage({ type: 'state', data: liveState.peek() } satisfies LiveEvent);
    } else if (data === 'reconnect') {
      if (close) restart();
    } else deliver(data);
  };
  const restart = () => {
    close?.();
    close = connect(emit);
  };
  channel.postMessage('who');
  void navigator.locks.request('twin-live', () => {
    restart();
    return new Promise<never>(() => {}); // held until the tab goes
  });
  reconnect = () => (close ? restart() : channel.postMessage('reconnect'));
}

/** After a login or logout the stream must carry another person's rights. */
export const reconnectLive = (): void => reconnect();
