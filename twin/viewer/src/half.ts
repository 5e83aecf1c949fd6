/** Decode IEEE 754 binary16 (float16) numbers held as unsigned 16-bit integers. */

/** The bits of -1.0, which marks a cell outside the model once NaN has been replaced. */
export const OUTSIDE_BITS = 0xbc00;

/** One half-precision number from its 16 bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export function isNaNBits(bits: number): boolean {
  return (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
}

/** Replaces every NaN by -1 in place: GPUs need not keep NaN, and -1 survives everywhere. */
export function markOutside(values: Uint16Array): void {
  for (let i = 0; i < values.length; i++) {
    if (isNaNBits(values[i]!)) values[i] = OUTSIDE_BITS;
  }
}

/** Little-endian bytes as 16-bit words, without a copy where the machine is little-endian. */
export function littleEndianWords(buffer: ArrayBuffer): Uint16Array {
  const words = new Uint16Array(buffer, 0, buffer.byteLength >> 1);
  const littleEndianMachine = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
  if (littleEndianMachine) return words;
  const view = new DataView(buffer);
  for (let i = 0; i < words.length; i++) words[i] = view.getUint16(i * 2, true);
  return words;
}
