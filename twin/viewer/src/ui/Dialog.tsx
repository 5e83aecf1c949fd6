/** A modal dialog on the browser's own <dialog>: focus stays inside, Escape closes, focus returns. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Signal } from '@preact/signals';
import { t } from '../i18n/index.ts';
import { Icon } from './Icon.tsx';

export function Dialog(props: {
  open: Signal<boolean>;
  title: string;
  children: ComponentChildren;
  side?: boolean;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const open = props.open.value;
  useEffect(() => {
    if (open && !element.current?.open) element.current?.showModal();
  }, [open]);
  if (!open) return null;
  const close = () => element.current?.close();
  return (
    <dialog
      ref={element}
      class={props.side ? 'dialog side' : 'dialog'}
      aria-label={props.title}
      onClose={() => (props.open.value = false)}
      onClick={(event) => event.target === element.current && close()}
    >
      <div class="dialog-body">
        <header class="panel-head">
          <h2>{props.title}</h2>
          <button type="button" class="icon-button" aria-label={t('close')} onClick={close}>
            <Icon name="close" />
          </button>
        </header>
        {props.children}
      </div>
    </dialog>
  );
}
