import { describe, expect, it } from 'vitest';
import { halfToNumber, isNaNBits, littleEndianWords, markOutside, OUTSIDE_BITS } from '../src/half.ts';

describe('float16', () => {
  it('decodes zero, one, subnormal, largest and infinite numbers', () => {
    const known: [number, number][] = [
      [0x0000, 0],
      [0x3c00, 1],
      [0xbc00, -1],
      [0x3555, 0.333251953125],
      [0x0001, 2 ** -24],
      [0x03ff, 1023 * 2 ** -24],
      [0x7bff, 65504],
      [0x7c00, Infinity],
      [0x4100, 2.5],
    ];
    for (const [bits, value] of known) expect(halfToNumber(bits)).toBe(value);
    expect(halfToNumber(0x7e00)).toBeNaN();
  });

  it('marks every NaN as outside and nothing else', () => {
    const words = new Uint16Array([0x7e00, 0xfe00, 0x7c01, 0x7c00, 0x3c00, 0]);
    markOutside(words);
    expect([...words]).toEqual([OUTSIDE_BITS, OUTSIDE_BITS, OUTSIDE_BITS, 0x7c00, 0x3c00, 0]);
    expect(isNaNBits(OUTSIDE_BITS)).toBe(false);
  });

  it('reads little-endian bytes', () => {
    const bytes = new Uint8Array([0x00, 0x3c, 0x00, 0x41]);
    expect([...littleEndianWords(bytes.buffer)].map(halfToNumber)).toEqual([1, 2.5]);
  });
});
