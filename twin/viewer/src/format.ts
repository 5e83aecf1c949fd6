/** Numbers, durations, dates and ages in the reader's language. */
import type { Bilingual, Field, Language } from './types.ts';

const LOCALES: Record<Language, string> = { vi: 'vi-VN', en: 'en-GB' };

export function number(value: number, language: Language, digits = 0): string {
  return new Intl.NumberFormat(LOCALES[language], {
    minimumFractionDigits: 0,
    maximumFractionDigits: digits,
  }).format(value);
}

/** A number with exactly this many decimals, for columns that must line up. */
export function fixed(value: number, language: Language, digits: number): string {
  return new Intl.NumberFormat(LOCALES[language], {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value);
}

export function percent(value: number, language: Language): string {
  return new Intl.NumberFormat(LOCALES[language], { style: 'percent' }).format(value);
}

const LEAST_PERCENT = 0.001;
const BELOW: Record<Language, string> = { vi: 'dưới', en: 'below' };

/** A small share as a percentage: two digits that count, or only that it is below 0.001 %. */
export function smallShare(share: number, language: Language): string {
  const value = share * 100;
  if (Math.abs(value) < LEAST_PERCENT) return `${BELOW[language]} ${number(LEAST_PERCENT, language, 3)} %`;
  const words = new Intl.NumberFormat(LOCALES[language], { maximumSignificantDigits: 2 }).format(value);
  return `${words} %`;
}

/** A length in m or km, whichever reads better. */
export function length(meters: number, language: Language): string {
  if (meters < 1000) return `${number(meters, language, meters < 10 ? 1 : 0)} m`;
  return `${number(meters / 1000, language, meters < 100_000 ? 2 : 0)} km`;
}

export function area(square_meters: number, language: Language): string {
  if (square_meters < 10_000) return `${number(square_meters, language)} m²`;
  if (square_meters < 1e6) return `${number(square_meters / 10_000, language, 2)} ha`;
  return `${number(square_meters / 1e6, language, 2)} km²`;
}

/** Seconds as hours and minutes: '1 h 25 min', '1 giờ 25 phút'. */
export function duration(seconds: number, language: Language): string {
  const [hour, minute, second] = language === 'vi' ? ['giờ', 'phút', 'giây'] : ['h', 'min', 's'];
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} ${second}`;
  const h = Math.floor(whole / 3600);
  const m = Math.round((whole % 3600) / 60);
  if (h === 0) return `${m} ${minute}`;
  return m === 0 ? `${h} ${hour}` : `${h} ${hour} ${m} ${minute}`;
}

/** Seconds since the start as a clock: 1:05. */
export function clock(seconds: number): string {
  const minutes = Math.floor(seconds / 60 + 1e-6);
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
}

export function dateTime(iso: string, language: Language): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return new Intl.DateTimeFormat(LOCALES[language], {
    dateStyle: 'short',
    timeStyle: 'short',
    hourCycle: 'h23',
  }).format(date);
}

const AGE_STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60],
];

/** How long ago: '5 minutes ago', '5 phút trước'; below a minute 'now', 'bây giờ'. */
export function age(then: string | number, language: Language, now = Date.now()): string {
  const seconds = (new Date(then).getTime() - now) / 1000;
  if (Number.isNaN(seconds)) return '';
  const words = new Intl.RelativeTimeFormat(LOCALES[language], { numeric: 'auto' });
  for (const [unit, size] of AGE_STEPS) {
    if (Math.abs(seconds) >= size) return words.format(Math.round(seconds / size), unit);
  }
  return words.format(0, 'second');
}

/** A text in the reader's language, whichever of the two it has. */
export function text(value: Bilingual | string | null | undefined, language: Language): string {
  if (!value) return '';
  if (typeof value === 'string') return value;
  return value[language] || value.en || value.vi || '';
}

/** A title that begins with a capital, however the declaration wrote it. */
export function sentence(words: string): string {
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}

/** A unit as people write it: the server's m2 and m3/s become m² and m³/s. */
export function unit(plain: string | null | undefined): string {
  if (!plain || plain === '1') return '';
  return plain.replace(/\b([kcdm]?m)([23])\b/g, (_, base: string, power: string) => base + (power === '2' ? '²' : '³'));
}

/** A field's unit as it follows a number; counts (unit 1) have none to show. */
export function unitOf(field: Field | undefined): string {
  return unit(field?.unit);
}

const YES_NO: Record<Language, [string, string]> = { vi: ['Có', 'Không'], en: ['Yes', 'No'] };

/** One attribute as a person reads it, without its unit; a dash where nothing is known. */
export function attribute(value: unknown, field: Field | undefined, language: Language): string {
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value === 'boolean') return YES_NO[language][value ? 0 : 1];
  const choice = field?.choices?.find((c) => c.value === value);
  if (choice) return text(choice.title, language);
  if (field?.type === 'date' || field?.type === 'datetime') {
    const date = new Date(String(value));
    if (Number.isNaN(date.getTime())) return String(value);
    const style: Intl.DateTimeFormatOptions =
      field.type === 'date'
        ? { dateStyle: 'medium', timeZone: 'UTC' }
        : { dateStyle: 'short', timeStyle: 'short', hourCycle: 'h23' };
    return new Intl.DateTimeFormat(LOCALES[language], style).format(date);
  }
  // years, sheets and counts below 10 000 read better without a thousands separator
  if (typeof value === 'number' && field?.type === 'integer' && !field.unit && Math.abs(value) < 1e4) {
    return String(value);
  }
  if (typeof value === 'number') return number(value, language, 2);
  return String(value);
}
