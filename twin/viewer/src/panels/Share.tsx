/** This view as a link, and views kept in this browser. */
import { signal } from '@preact/signals';
import { t } from '../i18n/index.ts';
import { applyView, viewFragment } from '../store.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { shareOpen } from '../ui/dialogs.ts';
import { Icon } from '../ui/Icon.tsx';
import { decodeView } from '../url.ts';

interface Bookmark {
  name: string;
  view: string;
}

const KEY = 'song-sinh-bookmarks';

function stored(): Bookmark[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(list) ? list.filter((b) => typeof b?.name === 'string' && typeof b?.view === 'string') : [];
  } catch {
    return []; // storage may be forbidden: bookmarks then last as long as the page
  }
}

const bookmarks = signal<Bookmark[]>(stored());
const copied = signal(false);
const name = signal('');

function keep(next: Bookmark[]): void {
  bookmarks.value = next;
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // see above
  }
}

const link = () => `${location.origin}${location.pathname}#${viewFragment.value}`;

async function copy(input: HTMLInputElement | null): Promise<void> {
  try {
    await navigator.clipboard.writeText(link());
  } catch {
    input?.select(); // plain http has no clipboard; the selected text is one key away
    document.execCommand('copy');
  }
  copied.value = true;
  setTimeout(() => (copied.value = false), 2500);
}

export function Share() {
  return (
    <Dialog open={shareOpen} title={t('share')}>
      <div class="share">
        <label class="field">
          <span>{t('link')}</span>
          <input id="share-link" readOnly value={link()} onFocus={(event) => event.currentTarget.select()} />
        </label>
        <button type="button" class="button primary" onClick={() => void copy(document.querySelector('#share-link'))}>
          <Icon name={copied.value ? 'check' : 'share'} size={18} />
          {t(copied.value ? 'copied' : 'copy')}
        </button>
        <h3>{t('bookmarks')}</h3>
        <form
          class="bookmark-form"
          onSubmit={(event) => {
            event.preventDefault();
            const chosen = name.value.trim();
            if (!chosen) return;
            keep([{ name: chosen, view: viewFragment.peek() }, ...bookmarks.value.filter((b) => b.name !== chosen)]);
            name.value = '';
          }}
        >
          <input aria-label={t('bookmark_name')} placeholder={t('bookmark_name')} value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />
          <button type="submit" class="button">
            <Icon name="bookmark" size={18} />
            {t('bookmark_add')}
          </button>
        </form>
        {bookmarks.value.length === 0 && <p class="quiet">{t('no_bookmarks')}</p>}
        <ul class="bookmarks">
          {bookmarks.value.map((bookmark) => (
            <li key={bookmark.name}>
              <button
                type="button"
                class="link"
                onClick={() => {
                  applyView(decodeView(bookmark.view));
                  shareOpen.value = false;
                }}
              >
                {bookmark.name}
              </button>
              <button
                type="button"
                class="icon-button tiny"
                aria-label={t('remove', { name: bookmark.name })}
                onClick={() => keep(bookmarks.value.filter((b) => b !== bookmark))}
              >
                <Icon name="trash" size={16} />
              </button>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}
