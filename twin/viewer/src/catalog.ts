/** What the server has: who is here, the city, its layers and runs; kept current by the stream. */
import { batch, computed, effect, signal } from '@preact/signals';
import { answersIn, csrfToken, getJson, send } from './api.ts';
import { onLive, reconnectLive } from './live.ts';
import { resource } from './resource.ts';
import { language, runId } from './store.ts';
import type { City, LayerInfo, Run, RunState, Scenario, Session } from './types.ts';

export const session = resource(async (signal) => {
  const value = await getJson<Session>('/api/session', signal);
  csrfToken.value = value.csrf;
  return value;
});
export const city = resource((signal) => getJson<City>('/api/city', signal));
export const layerList = resource((signal) => getJson<LayerInfo[]>('/api/layers', signal));
export const runList = resource(
  async (signal) => (await getJson<{ runs: Run[] }>('/api/runs?limit=100', signal)).runs,
);
/** A run named in the address that the list no longer reaches. */
export const olderRun = resource((signal) =>
  getJson<Run>(`/api/runs/${runId.peek()}`, signal),
);

export const user = computed(() => session.data.value?.user ?? null);
export const canRunStorm = computed(() => user.value?.can.run_storm ?? false);
export const layerByName = computed(
  () => new Map((layerList.data.value ?? []).map((layer) => [layer.name, layer])),
);
/** Versions heard on the stream, newer than the list's. */
export const layerVersions = signal<ReadonlyMap<string, number>>(new Map());

export const run = computed<Run | null>(() => {
  const id = runId.value;
  if (!id) return null;
  const listed = runList.data.value?.find((r) => r.id === id);
  return listed ?? (olderRun.data.value?.id === id ? olderRun.data.value : null);
});
export const activeJobs = computed(
  () => (runList.data.value ?? []).filter((r) => r.status === 'queued' || r.status === 'running'),
);

/** The run in the list that has just ended: what the notices announce. */
export const ended = signal<RunState | null>(null);

/** Puts a run state from the stream into the list; false where the list lacks the run. */
export function mergeRun(runs: readonly Run[], state: RunState): Run[] | null {
  const index = runs.findIndex((r) => r.id === state.id);
  if (index < 0) return null;
  const next = [...runs];
  next[index] = { ...runs[index]!, ...state };
  return next;
}

function hearRun(state: RunState): void {
  const known = runList.data.peek() ?? [];
  const before = known.find((r) => r.id === state.id);
  const merged = mergeRun(known, state);
  const over = state.status === 'done' || state.status === 'failed' || state.status === 'canceled';
  batch(() => {
    if (merged) runList.data.value = merged;
    if (over && before && before.status !== state.status) ended.value = state;
  });
  // a new run's scenario, or a finished run's products, come only with the list
  if (!merged || over) void runList.load();
}

export function startCatalog(): void {
  effect(() => {
    answersIn.value = language.value;
  });
  void session.load();
  void city.load();
  void layerList.load();
  void runList.load();
  effect(() => {
    const id = runId.value;
    const listed = runList.data.value;
    const known = user.value !== null; // without a login no run can be seen
    if (known && id && listed && !listed.some((r) => r.id === id)) void olderRun.load();
  });
  let lost = false;
  onLive((event) => {
    if (event.type === 'run') hearRun(event.data);
    else if (event.type === 'layer') {
      layerVersions.value = new Map(layerVersions.peek()).set(event.data.layer, event.data.version);
    } else if (event.type === 'state') {
      if (event.data === 'lost') lost = true;
      else if (event.data === 'open' && lost) {
        lost = false; // whatever happened meanwhile was not heard
        void runList.load();
        void layerList.load();
      }
    }
  });
}

async function becomes(next: Promise<Session>): Promise<void> {
  const value = await next;
  csrfToken.value = value?.csrf ?? csrfToken.peek();
  await session.load();
  reconnectLive();
  void layerList.load();
  void runList.load();
}

export const login = (username: string, password: string): Promise<void> =>
  becomes(send<Session>('POST', '/api/session', { username, password }));
export const logout = (): Promise<void> => becomes(send<Session>('DELETE', '/api/session'));

export async function requestRun(scenario: Scenario): Promise<Run> {
  const made = await send<Run>('POST', '/api/runs', scenario);
  const others = (runList.data.peek() ?? []).filter((r) => r.id !== made.id);
  runList.data.value = [made, ...others];
  return made;
}

export async function cancelRun(id: string): Promise<void> {
  await send('POST', `/api/runs/${id}/cancel`);
  void runList.load();
}
