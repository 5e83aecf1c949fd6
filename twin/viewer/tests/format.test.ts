import { describe, expect, it } from 'vitest';
import * as format from '../src/format.ts';
import type { Field } from '../src/types.ts';

const field = (part: Partial<Field>): Field => ({
  name: 'x', title: { en: '', vi: '' }, unit: null, type: 'text', help: null, choices: null, ...part,
});

describe('numbers, times and attributes in both languages', () => {
  it('separates as each language does', () => {
    expect(format.number(1234567.5, 'vi', 1)).toBe('1.234.567,5');
    expect(format.number(1234567.5, 'en', 1)).toBe('1,234,567.5');
    expect(format.fixed(0.5, 'vi', 2)).toBe('0,50');
  });

  it('picks the reader’s side of a run’s message', () => {
    const message = { en: '20 min of 2 h computed', vi: 'Đã tính 20 phút trên 2 giờ' };
    expect(format.text(message, 'vi')).toBe('Đã tính 20 phút trên 2 giờ');
    expect(format.text(message, 'en')).toBe('20 min of 2 h computed');
    expect(format.text(null, 'vi')).toBe('');
  });

  it('chooses units of length and area', () => {
    expect(format.length(4.26, 'en')).toBe('4.3 m');
    expect(format.length(12345, 'vi')).toBe('12,35 km');
    expect(format.area(25_000, 'en')).toBe('2.5 ha');
    expect(format.area(3.2e6, 'vi')).toBe('3,2 km²');
  });

  it('writes units as people do', () => {
    const units = ['m2', 'm3/s', 'km2', 'L/s', 'mm', 'm³/s', '1', null];
    expect(units.map(format.unit)).toEqual(['m²', 'm³/s', 'km²', 'L/s', 'mm', 'm³/s', '', '']);
    expect(format.unitOf(field({ unit: 'm2' }))).toBe('m²');
  });

  it('says a small share as a percentage', () => {
    expect(format.smallShare(-3.2e-9, 'vi')).toBe('dưới 0,001 %');
    expect(format.smallShare(0, 'en')).toBe('below 0.001 %');
    expect(format.smallShare(1e-5, 'vi')).toBe('0,001 %');
    expect(format.smallShare(0.01234, 'en')).toBe('1.2 %');
  });

  it('says durations and clocks', () => {
    expect(format.duration(5100, 'vi')).toBe('1 giờ 25 phút');
    expect(format.duration(7200, 'en')).toBe('2 h');
    expect(format.duration(45, 'en')).toBe('45 s');
    expect(format.clock(3900)).toBe('1:05');
  });

  it('says how long ago', () => {
    const now = Date.parse('2026-01-01T12:00:00Z');
    expect(format.age('2026-01-01T10:00:00Z', 'vi', now)).toBe('2 giờ trước');
    expect(format.age('2026-01-01T11:59:50Z', 'en', now)).toBe('now');
    expect(format.age('never', 'en', now)).toBe('');
  });

  it('shows attributes as people read them', () => {
    const choices = [{ value: 'led', title: { en: 'LED', vi: 'Đèn LED' } }];
    expect(format.attribute(null, field({}), 'vi')).toBe('–');
    expect(format.attribute(false, field({ type: 'boolean' }), 'vi')).toBe('Không');
    expect(format.attribute('led', field({ choices }), 'vi')).toBe('Đèn LED');
    expect(format.attribute(2019, field({ type: 'integer' }), 'vi')).toBe('2019');
    expect(format.attribute(15000, field({ type: 'integer' }), 'vi')).toBe('15.000');
    expect(format.attribute('2020-03-01', field({ type: 'date' }), 'en')).toBe('1 Mar 2020');
  });
});
