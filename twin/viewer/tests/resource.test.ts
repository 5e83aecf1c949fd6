import { afterEach, describe, expect, it, vi } from 'vitest';
import { answersIn, ApiError, getJson, query, send } from '../src/api.ts';
import { resource } from '../src/resource.ts';

afterEach(() => vi.unstubAllGlobals());

const answer = (status: number, body: unknown) =>
  vi.stubGlobal('fetch', async () => new Response(JSON.stringify(body), { status }));

describe('requests', () => {
  it('turn the server’s errors into words, request number and field', async () => {
    answer(422, { error: { code: 'bad', message: 'Too small', request_id: 'r1', field: 'cell_m' } });
    const error = await getJson('/api/x').catch((e: ApiError) => e);
    expect(error).toMatchObject({ message: 'Too small', requestId: 'r1', field: 'cell_m', kind: 'input', code: 'bad' });
  });

  it('tell permission, absence and a broken server apart', async () => {
    for (const [status, kind] of [[401, 'permission'], [403, 'permission'], [404, 'missing'], [503, 'server']] as const) {
      answer(status, {});
      expect(await getJson('/api/x').catch((e: ApiError) => e.kind)).toBe(kind);
    }
    vi.stubGlobal('fetch', async () => {
      throw new TypeError('network');
    });
    expect(await getJson('/api/x').catch((e: ApiError) => e.kind)).toBe('offline');
  });

  it('ask for answers in the language of the viewer', async () => {
    const asked: (string | null)[] = [];
    vi.stubGlobal('fetch', async (_: string, init: RequestInit) => {
      asked.push(new Headers(init.headers).get('Accept-Language'));
      return new Response('{}');
    });
    await getJson('/api/x');
    answersIn.value = 'en';
    await send('POST', '/api/x', { a: 1 });
    answersIn.value = 'vi';
    await send('POST', '/api/x', 'time_s,mm_per_h', 'text/csv');
    expect(asked).toEqual(['vi', 'en', 'vi']);
  });

  it('leave empty parameters out', () => {
    expect(query({ a: 1, b: '', c: null, q: 'Đông Hà' })).toBe('?a=1&q=%C4%90%C3%B4ng+H%C3%A0');
    expect(query({ a: null })).toBe('');
  });
});

describe('a resource', () => {
  it('keeps the old data beside a new error', async () => {
    let fail = false;
    const r = resource(async () => {
      if (fail) throw new ApiError('down', 'server', 500, 'r2', null);
      return 7;
    });
    await r.load();
    fail = true;
    await r.load();
    expect(r.data.value).toBe(7);
    expect(r.error.value?.requestId).toBe('r2');
    fail = false;
    await r.load();
    expect(r.error.value).toBeNull();
  });

  it('forgets the answer to an older question', async () => {
    const answers: ((value: string) => void)[] = [];
    const r = resource(() => new Promise<string>((resolve) => answers.push(resolve)));
    const first = r.load();
    const second = r.load();
    answers[1]!('new');
    answers[0]!('old');
    await Promise.all([first, second]);
    expect(r.data.value).toBe('new');
    expect(r.loading.value).toBe(false);
  });
});
