/** Requests to the server: JSON in and out, CSRF for writes, and errors a person can act on. */
import { signal } from '@preact/signals';
import type { Language } from './types.ts';

export type ErrorKind = 'offline' | 'permission' | 'missing' | 'server' | 'input';

/** Why a request failed, with what the person needs to report or repair it. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly kind: ErrorKind,
    readonly status: number,
    readonly requestId: string | null,
    readonly field: string | null,
    readonly code = '',
  ) {
    super(message);
  }
}

export const csrfToken = signal('');
/** The language in which the server words its errors: the viewer's own. */
export const answersIn = signal<Language>('vi');

function kindOf(status: number): ErrorKind {
  if (status === 401 || status === 403) return 'permission';
  if (status === 404) return 'missing';
  return status >= 400 && status < 500 ? 'input' : 'server';
}

async function failure(response: Response): Promise<ApiError> {
  let body: { error?: Record<string, unknown> } = {};
  try {
    body = await response.json();
  } catch {
    // a proxy's own page: its status is all there is
  }
  const { message, request_id: id, field, code } = body.error ?? {};
  const words = typeof message === 'string' ? message : `${response.status} ${response.statusText}`;
  const requestId = typeof id === 'string' ? id : response.headers.get('X-Request-ID');
  const { status } = response;
  const named = typeof field === 'string' ? field : null;
  return new ApiError(words, kindOf(status), status, requestId, named, String(code ?? ''));
}

/** Fetches and throws `ApiError` unless the answer is a success. */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { 'Accept-Language': answersIn.peek(), ...(init.headers as Record<string, string>) };
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init, headers });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError('', 'offline', 0, null, null);
  }
  if (!response.ok) throw await failure(response);
  return response;
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { headers: { Accept: 'application/json' } };
  if (signal) init.signal = signal;
  return (await request(path, init)).json() as Promise<T>;
}

/** POST, PUT or DELETE with a JSON (or, given a type, a raw text) body. */
export async function send<T>(
  method: 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
  contentType = 'application/json',
): Promise<T> {
  const headers: Record<string, string> = { 'X-CSRFToken': csrfToken.peek() };
  const init: RequestInit = { method, headers };
  if (body !== undefined) {
    headers['Content-Type'] = contentType;
    init.body = contentType === 'application/json' ? JSON.stringify(body) : String(body);
  }
  const response = await request(path, init);
  const text = await response.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

export function query(parameters: Record<string, string | number | null | undefined>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') search.set(key, String(value));
  }
  const text = search.toString();
  return text && `?${text}`;
}
