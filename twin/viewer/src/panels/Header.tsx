/** The top bar: where we are, search, jobs, language, theme, who is here. */
import { activeJobs, city, logout, user } from '../catalog.ts';
import { say, t } from '../i18n/index.ts';
import * as store from '../store.ts';
import { jobsOpen, loginOpen, notify } from '../ui/dialogs.ts';
import { Icon } from '../ui/Icon.tsx';
import { Search } from './Search.tsx';

function Brand() {
  const here = city.data.value;
  return (
    <div class="brand">
      <svg class="mark" viewBox="0 0 32 32" width="30" height="30" aria-hidden="true">
        <rect width="32" height="32" rx="7" />
        <path d="M6 20c3.3 0 3.3-2.4 6.7-2.4S16 20 19.3 20s3.3-2.4 6.7-2.4M6 25c3.3 0 3.3-2.4 6.7-2.4S16 25 19.3 25s3.3-2.4 6.7-2.4M9 14V9h5v5m3 0V6h6v8" />
      </svg>
      <h1 class="brand-words">
        <strong>Song Sinh</strong>
        <span>{here ? say(here.name) : '…'}</span>
      </h1>
      {here?.synthetic && (
        <span class="chip warn" title={t('synthetic_help')}>
          <Icon name="info" size={14} />
          {t('synthetic')}
        </span>
      )}
    </div>
  );
}

function Language() {
  return (
    <div class="segmented small" role="group" aria-label={t('language')}>
      {(['vi', 'en'] as const).map((code) => (
        <button
          key={code}
          type="button"
          lang={code}
          aria-pressed={store.language.value === code}
          aria-label={code === 'vi' ? 'VI: Tiếng Việt' : 'EN: English'}
          onClick={() => store.chooseLanguage(code)}
        >
          {code.toUpperCase()}
        </button>
      ))}
    </div>
  );
}

function Account() {
  const who = user.value;
  const leave = () => logout().catch((error: Error) => notify('bad', error.message || t('offline')));
  if (!who) {
    return (
      <button type="button" class="button" onClick={() => (loginOpen.value = true)}>
        <Icon name="user" size={18} />
        <span class="wide-only">{t('login')}</span>
        <span class="visually-hidden narrow-only">{t('login')}</span>
      </button>
    );
  }
  return (
    <details class="menu">
      <summary class="button" aria-label={t('account', { name: who.name || who.username })}>
        <Icon name="user" size={18} />
        <span class="wide-only ellipsis">{who.name || who.username}</span>
      </summary>
      <div class="card menu-body">
        <p>
          <strong>{who.name || who.username}</strong>
          <br />
          <span class="quiet">{who.username}</span>
        </p>
        {who.can.admin && <a href="/admin/">{t('admin')}</a>}
        <a href="/api/docs">{t('api_docs')}</a>
        <button type="button" class="button" onClick={() => void leave()}>
          {t('logout')}
        </button>
      </div>
    </details>
  );
}

export function Header() {
  const busy = activeJobs.value.length;
  const dark = store.theme.value === 'dark';
  return (
    <header class="header">
      <Brand />
      <Search />
      <div class="header-actions">
        <button
          type="button"
          class="icon-button"
          title={t('jobs')}
          aria-label={busy ? t('jobs_busy', { n: busy }) : t('jobs')}
          onClick={() => (jobsOpen.value = true)}
        >
          <Icon name="jobs" />
          {busy > 0 && <span class="badge">{busy}</span>}
        </button>
        <button
          type="button"
          class="icon-button"
          title={t(dark ? 'theme_light' : 'theme_dark')}
          aria-label={t(dark ? 'theme_light' : 'theme_dark')}
          onClick={() => (store.chosenTheme.value = dark ? 'light' : 'dark')}
        >
          <Icon name={dark ? 'sun' : 'moon'} />
        </button>
        <Language />
        <Account />
      </div>
    </header>
  );
}
