/** Labeled fields of the storm form with their help, or what is wrong with them. */
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { type Key, t } from '../i18n/index.ts';
import { draft, edit } from '../storm-form.ts';

/** Words for fields that are wrong, by the server's names. */
export const wrong = signal<Readonly<Record<string, string>>>({});

export function Field(props: { field: string; label: Key; unit?: string; help?: string; children: (id: string, bad: Record<string, string | boolean>) => ComponentChildren }) {
  const id = `storm-${props.field}`;
  const message = wrong.value[props.field];
  const described = message || props.help ? `${id}-help` : undefined;
  const aria: Record<string, string | boolean> = {};
  if (described) aria['aria-describedby'] = described;
  if (message) aria['aria-invalid'] = true;
  return (
    <div class={message ? 'field wrong' : 'field'}>
      <label for={id}>
        {t(props.label)}
        {props.unit && <span class="quiet"> ({props.unit})</span>}
      </label>
      {props.children(id, aria)}
      {(message || props.help) && (
        <p id={described} class={message ? 'field-error' : 'quiet small'}>
          {message ?? props.help}
        </p>
      )}
    </div>
  );
}

type NumberKey = 'cell_m' | 'total_mm' | 'rain_min' | 'peak' | 'manning' | 'run_h' | 'output_min';

export function NumberField(props: { name: NumberKey; field: string; label: Key; unit?: string; step?: string; min?: string; max?: string; help?: string }) {
  return (
    <Field field={props.field} label={props.label} {...(props.unit ? { unit: props.unit } : {})} {...(props.help ? { help: props.help } : {})}>
      {(id, aria) => (
        <input
          id={id}
          type="number"
          inputMode="decimal"
          step={props.step ?? 'any'}
          min={props.min ?? '0'}
          {...(props.max ? { max: props.max } : {})}
          value={draft.value[props.name]}
          onInput={(event) => edit({ [props.name]: event.currentTarget.value })}
          {...aria}
        />
      )}
    </Field>
  );
}
