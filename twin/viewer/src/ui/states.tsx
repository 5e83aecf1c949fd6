/** How a panel says that it is loading, empty, broken, old, offline or not for this person. */
import type { ComponentChildren } from 'preact';
import type { ApiError } from '../api.ts';
import { user } from '../catalog.ts';
import { age } from '../format.ts';
import { t } from '../i18n/index.ts';
import type { Resource } from '../resource.ts';
import { language, online } from '../store.ts';
import { loginOpen } from './dialogs.ts';
import { Icon, type IconName } from './Icon.tsx';

export function Loading({ rows = 3 }: { rows?: number }) {
  return (
    <div class="loading" role="status">
      <span class="visually-hidden">{t('loading')}</span>
      {Array.from({ length: rows }, (_, i) => (
        <span key={i} class="skeleton" aria-hidden="true" />
      ))}
    </div>
  );
}

export function Note(props: { icon?: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="note">
      <Icon name={props.icon ?? 'info'} size={22} />
      <div>
        <p class="note-title">{props.title}</p>
        {props.children}
      </div>
    </div>
  );
}

/** An error in words, with the request's number to report and a way to try again. */
export function Failure({ error, retry }: { error: ApiError; retry?: () => void }) {
  const again = retry && (
    <button type="button" class="button small" onClick={retry}>
      {t('retry')}
    </button>
  );
  if (error.kind === 'offline' || !online.value) {
    return (
      <Note icon="offline" title={t('offline')}>
        <p>{t('offline_help')}</p>
        {again}
      </Note>
    );
  }
  if (error.kind === 'permission') {
    return (
      <Note icon="lock" title={t('no_permission')}>
        <p>{error.message || t('no_permission_help')}</p>
        {!user.value && <LoginButton />}
      </Note>
    );
  }
  return (
    <div role="alert">
      <Note icon="warning" title={t('failed')}>
        <p>{error.message}</p>
        {error.requestId && (
          <p class="request-id">
            {t('request_id')} <code>{error.requestId}</code>
          </p>
        )}
        {again}
      </Note>
    </div>
  );
}

export function LoginButton() {
  return (
    <button type="button" class="button small" onClick={() => (loginOpen.value = true)}>
      {t('login')}
    </button>
  );
}

/** Shows a resource's data, or whichever state it is in; old data stays with a word on its age. */
export function Shown<T>(props: {
  of: Resource<T>;
  children: (data: T) => ComponentChildren;
  empty?: { when: (data: T) => boolean; view: ComponentChildren };
  rows?: number;
}) {
  const { data, error, loading, at, load } = props.of;
  const value = data.value;
  const failed = error.value;
  if (value === null) {
    if (failed) return <Failure error={failed} retry={() => void load()} />;
    return <Loading rows={props.rows ?? 3} />;
  }
  return (
    <>
      {failed && (
        <div class="stale" role="status">
          <Icon name="clock" size={16} />
          <span>
            {t('stale', { age: age(at.value, language.value) })}
            {failed.requestId && <code>{failed.requestId}</code>}
          </span>
          <button type="button" class="link" disabled={loading.value} onClick={() => void load()}>
            {t('retry')}
          </button>
        </div>
      )}
      {props.empty?.when(value) ? props.empty.view : props.children(value)}
    </>
  );
}
