import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { en } from '../src/i18n/en.ts';
import { vi } from '../src/i18n/vi.ts';

const places = (words: string) => (words.match(/\{\w+\}/g) ?? []).sort();
const source = fileURLToPath(new URL('../src/', import.meta.url));

function code(): string {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name) && !name.startsWith('i18n'))
    .map((name) => readFileSync(source + name, 'utf8'))
    .join('\n');
}

describe('words', () => {
  it('exist in both languages with the same places', () => {
    expect(Object.keys(vi).sort()).toEqual(Object.keys(en).sort());
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      expect(vi[key].trim(), key).not.toBe('');
      expect(places(vi[key]), key).toEqual(places(en[key]));
    }
  });

  it('are all used', () => {
    const all = code();
    const unused = Object.keys(en).filter((key) => !new RegExp(`['"]${key}['"]`).test(all));
    expect(unused).toEqual([]);
  });

  it('are composed Unicode in Vietnamese', () => {
    for (const words of Object.values(vi)) expect(words).toBe(words.normalize('NFC'));
  });
});
