import { fromBfloat16, fromFloat16, toFloat16 } from '../src/half';

/** The number with these bits, from the definition of IEEE 754: a sign, 5 bits of exponent, 10 of fraction. */
function float16(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  const magnitude = exponent === 0 ? fraction / 1024 / 2 ** 14 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return sign * magnitude;
}

const all = Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits);

test('float16: every one of the 65536 numbers, and back to the same bits', () => {
  const values = fromFloat16(all);
  const wrong = [...all].filter((bits) => !Object.is(values[bits], float16(bits)));
  expect(wrong).toEqual([]);
  const back = toFloat16(values);
  const changed = [...all].filter((bits) => back[bits] !== bits && !Number.isNaN(values[bits]));
  expect(changed).toEqual([]);
  expect([...toFloat16(Float32Array.of(NaN))].map(float16)).toEqual([NaN]);
});

test('float16: between two numbers the nearest, in the middle the even one', () => {
  const finite = [...all].filter((bits) => bits < 0x7bff);
  for (const sign of [1, -1]) {
    const between = (share: number) =>
      Float32Array.from(finite, (bits) => sign * ((1 - share) * float16(bits) + share * float16(bits + 1)));
    const expected = (up: (bits: number) => boolean) =>
      Uint16Array.from(finite, (bits) => (sign < 0 ? 0x8000 : 0) | (up(bits) ? bits + 1 : bits));
    expect(toFloat16(between(0.25))).toEqual(expected(() => false));
    expect(toFloat16(between(0.75))).toEqual(expected(() => true));
    expect(toFloat16(between(0.5))).toEqual(expected((bits) => bits % 2 === 1));
  }
  expect([...toFloat16(Float32Array.of(65519, 65520, -1e9, Infinity, 1e-8, 2 ** -25))]).toEqual([
    0x7bff, 0x7c00, 0xfc00, 0x7c00, 0, 0,
  ]);
});

test('a part of a larger array', () => {
  const values = Float32Array.of(7, 1, -2, 9).subarray(1, 3);
  expect([...fromFloat16(toFloat16(values))]).toEqual([1, -2]);
});

test('bfloat16 is the upper half of a float32', () => {
  const values = fromBfloat16(all);
  const bits = new Uint32Array(values.buffer);
  const wrong = [...all].filter((half) => bits[half] !== half * 0x10000);
  expect(wrong).toEqual([]);
  expect([...fromBfloat16(Uint16Array.of(0x3f80, 0xc000, 0x7f80))]).toEqual([1, -2, Infinity]);
});
