/**
 * Half precision as bits: float16 (IEEE 754 binary16: a sign, 5 bits of exponent, 10 of fraction) and bfloat16 (the upper
 * half of a float32).
 */

/** The numbers that have these bits, exactly. */
export function fromFloat16(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  const values = new Float32Array(words.buffer);
  for (let i = 0; i < bits.length; i++) {
    const sign = (bits[i] & 0x8000) << 16;
    const rest = bits[i] & 0x7fff;
    if (rest < 0x400) values[i] = (sign < 0 ? -rest : rest) * 2 ** -24;
    // The bias of the exponent grows by 112; infinities and NaN have the largest exponent in both.
    else words[i] = sign | ((rest << 13) + (rest < 0x7c00 ? 112 << 23 : 224 << 23));
  }
  return values;
}

/** The numbers that have these bits, exactly. */
export function fromBfloat16(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, (half) => half << 16).buffer);
}

/** The whole number nearest to a positive one, the even one where two are. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return below + (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? 1 : 0);
}

/** Bits of the nearest float16, ties to even; infinities from 65520 on, NaN stays NaN. */
export function toFloat16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const sign = (words[i] >>> 16) & 0x8000;
    const rest = words[i] & 0x7fffffff;
    let half: number;
    if (rest > 0x7f800000) half = 0x7e00;
    else if (rest >= 0x477ff000) half = 0x7c00;
    else if (rest < 0x38800000) half = roundHalfEven(Math.abs(values[i]) * 2 ** 24);
    else half = (rest - (112 << 23) + 0xfff + ((rest >>> 13) & 1)) >>> 13;
    bits[i] = sign | half;
  }
  return bits;
}
