/** Changes of any bytes, whatever they mean: what a bad disk, a broken download or a wrong program does to a file. */

/** Lengths and counts at which programs go wrong. */
export const NUMBERS = [
  0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 100, 127, 128, 129, 255, 256, 257, 511, 512, 513,
  1000, 1023, 1024, 4095, 4096, 32767, 32768, 65535, 65536, 65537, 0x7fffff, 0xffffff, 0x7fffffff, 0x80000000,
  0xfffffffe, 0xffffffff,
];

const place = (random, bytes) => random.below(Math.max(1, bytes.length));

/** A place and a length within the bytes; short ones mostly. */
function stretch(random, bytes) {
  const from = place(random, bytes);
  return [from, Math.min(bytes.length, from + 1 + random.small(bytes.length - from))];
}

const without = (bytes, from, to) => Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
const withMore = (bytes, at, more) => Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);

function changed(bytes, change) {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) change(copy);
  return copy;
}

/** One byte, two or four, of either byte order. */
function writeNumber(random, bytes) {
  const number = random.pick(NUMBERS);
  const at = place(random, bytes);
  const width = random.pick([1, 2, 4].filter((size) => at + size <= bytes.length));
  const mask = width === 4 ? 0xffffffff : 2 ** (8 * width) - 1;
  const value = (number & mask) >>> 0;
  if (random.oneIn(2)) bytes.writeUIntBE(value, at, width);
  else bytes.writeUIntLE(value, at, width);
}

/** Each gives new bytes. `other` is another input of the kind. */
const CHANGES = [
  (random, bytes) => changed(bytes, (copy) => void (copy[place(random, copy)] ^= 1 << random.below(8))),
  (random, bytes) => changed(bytes, (copy) => void (copy[place(random, copy)] = random.below(256))),
  (random, bytes) => changed(bytes, (copy) => void (copy[place(random, copy)] += random.pick([1, -1]))),
  (random, bytes) => changed(bytes, (copy) => writeNumber(random, copy)),
  (random, bytes) => changed(bytes, (copy) => writeNumber(random, copy)),
  (random, bytes) => bytes.subarray(0, place(random, bytes)),
  (random, bytes) => without(bytes, ...stretch(random, bytes)),
  (random, bytes) => withMore(bytes, place(random, bytes), random.bytes(1 + random.small(64))),
  (random, bytes) => changed(bytes, (copy) => copy.fill(random.pick([0, 255, 32]), ...stretch(random, copy))),
  (random, bytes) => {
    const [from, to] = stretch(random, bytes);
    return withMore(bytes, place(random, bytes), bytes.subarray(from, to));
  },
  (random, bytes) => {
    const [from, to] = stretch(random, bytes);
    return changed(bytes, (copy) => void copy.copy(copy, place(random, copy), from, to));
  },
  // Many times the same: what is short in the file can take long.
  (random, bytes) => {
    const [from, to] = stretch(random, bytes);
    const times = Math.min(random.small(4000), Math.floor(65_536 / (to - from)));
    return withMore(bytes, to, Buffer.concat(Array(Math.max(0, times)).fill(bytes.subarray(from, to))));
  },
  (random, bytes, other) => {
    const [from, to] = stretch(random, other);
    return withMore(bytes, place(random, bytes), other.subarray(from, to));
  },
  (random, bytes, other) =>
    Buffer.concat([bytes.subarray(0, place(random, bytes)), other.subarray(place(random, other))]),
];

/** One to a handful of changes. */
export function changeBytes(random, bytes, other = bytes) {
  let made = bytes;
  for (let left = 1 + random.small(6); left > 0; left--) made = random.pick(CHANGES)(random, made, other);
  return made;
}
