/** The viewer's words in the chosen language. */
import { text as pick } from '../format.ts';
import { language } from '../store.ts';
import type { Bilingual } from '../types.ts';
import { en } from './en.ts';
import { vi } from './vi.ts';

export type Key = keyof typeof en;
export type Words = Record<Key, string>;

const dictionaries = { en, vi } as const;

/** The words for a key, with {name} places filled; follows the language signal. */
export function t(key: Key, values?: Record<string, string | number>): string {
  const words = dictionaries[language.value][key];
  if (!values) return words;
  return words.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
}

/** The reader's side of a bilingual text from the server. */
export function say(value: Bilingual | string | null | undefined): string {
  return pick(value, language.value);
}
