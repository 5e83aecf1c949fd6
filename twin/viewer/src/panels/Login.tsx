/** Logging in. */
import { signal } from '@preact/signals';
import { ApiError } from '../api.ts';
import { login } from '../catalog.ts';
import { t } from '../i18n/index.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { loginOpen } from '../ui/dialogs.ts';

const failure = signal('');
const busy = signal(false);

async function submit(event: SubmitEvent): Promise<void> {
  event.preventDefault();
  const form = new FormData(event.currentTarget as HTMLFormElement);
  busy.value = true;
  failure.value = '';
  try {
    await login(String(form.get('username')).trim(), String(form.get('password')));
    loginOpen.value = false;
  } catch (error) {
    const kind = error instanceof ApiError ? error.kind : 'server';
    const code = error instanceof ApiError ? error.code : '';
    failure.value =
      kind === 'offline' ? t('offline_help') : code === 'wrong_login' ? t('login_wrong') : (error as Error).message;
  } finally {
    busy.value = false;
  }
}

export function Login() {
  return (
    <Dialog open={loginOpen} title={t('login')}>
      <form class="login" onSubmit={(event) => void submit(event)}>
        <div class="field">
          <label for="login-name">{t('username')}</label>
          <input id="login-name" name="username" autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus />
        </div>
        <div class="field">
          <label for="login-password">{t('password')}</label>
          <input id="login-password" name="password" type="password" autocomplete="current-password" required />
        </div>
        {failure.value && (
          <p class="field-error" role="alert">
            {failure.value}
          </p>
        )}
        <button type="submit" class="button primary block" disabled={busy.value}>
          {t('login')}
        </button>
      </form>
    </Dialog>
  );
}
