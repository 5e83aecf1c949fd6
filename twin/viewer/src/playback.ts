/** Time going on: smooth while playing, frame by frame on request or where motion is unwelcome. */
import { computed, effect, untracked } from '@preact/signals';
import { run } from './catalog.ts';
import * as store from './store.ts';
import { neighbor } from './times.ts';

/** Output times of the shown run [s]. */
export const times = computed<readonly number[]>(
  () => run.value?.products?.find((p) => p.frames)?.frames?.times_s ?? [],
);
export const endTime = computed(() => times.value[times.value.length - 1] ?? 0);

export function step(direction: 1 | -1): void {
  store.playing.value = false;
  store.floodMode.value = 'depth';
  store.time.value = neighbor(times.peek(), store.time.peek(), direction);
}

export function togglePlay(): void {
  if (!store.playing.peek()) {
    store.floodMode.value = 'depth';
    if (store.time.peek() >= endTime.peek()) store.time.value = times.peek()[0] ?? 0;
  }
  store.playing.value = !store.playing.peek();
}

const STEP_MS = 900;

export function startPlayback(): void {
  effect(() => {
    if (!store.playing.value) return;
    const still = store.reducedMotion.value;
    let last = performance.now();
    let request = 0;
    const tick = (now: number) => {
      const passed = now - last;
      untracked(() => {
        if (!still) {
          // a tab that slept must not leap to the end
          advance(store.time.peek() + (Math.min(passed, 250) / 1000) * store.speed.peek());
          last = now;
        } else if (passed >= STEP_MS) {
          advance(neighbor(times.peek(), store.time.peek(), 1));
          last = now;
        }
      });
      request = requestAnimationFrame(tick);
    };
    request = requestAnimationFrame(tick);
    return () => cancelAnimationFrame(request);
  });
  // another run may be shorter
  effect(() => {
    const end = endTime.value;
    if (end > 0 && store.time.peek() > end) store.time.value = end;
  });
}

function advance(t: number): void {
  const end = endTime.peek();
  store.time.value = Math.min(t, end);
  if (t >= end) store.playing.value = false;
}
