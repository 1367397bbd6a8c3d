// Generated images, the same in every run: clutter with the spectrum of photographs, and a blob in front of it.
//
// Every image is distinct, and all of them together are larger than the cache: a contender that met the same batch again
// and again would be timed on data that a training loop never has at hand.
import { openSync, readFileSync, writeSync, closeSync } from 'node:fs';
import { join } from 'node:path';

const FIELD = 1024;
const MEGABYTE = 2 ** 20;

/** Numbers in [0, 1): mulberry32, which is short and good enough to draw pictures with. */
export function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** FIELD × FIELD values: octaves of smooth noise, each twice as fine and half as strong, so its spectrum falls as 1/f. */
function cloudField(random) {
  const field = new Float32Array(FIELD * FIELD);
  for (let cells = 4, strength = 1; cells <= FIELD; cells *= 2, strength /= 2) {
    const grid = Float32Array.from({ length: cells * cells }, () => random() - 0.5);
    const step = FIELD / cells;
    for (let y = 0; y < FIELD; y++) {
      const top = Math.floor(y / step);
      const down = y / step - top;
      const upper = top * cells;
      const lower = ((top + 1) % cells) * cells;
      for (let x = 0; x < FIELD; x++) {
        const left = Math.floor(x / step);
        const right = (left + 1) % cells;
        const across = x / step - left;
        const above = grid[upper + left] + across * (grid[upper + right] - grid[upper + left]);
        const below = grid[lower + left] + across * (grid[lower + right] - grid[lower + left]);
        field[y * FIELD + x] += strength * (above + down * (below - above));
      }
    }
  }
  return field;
}

/** One RGB image: a place of the field, tinted, with a disk of another colour over it. */
function paint(field, random, side, out) {
  // Small images see more of the field at once, as small photographs do.
  const stride = Math.max(1, Math.min(4, Math.floor(FIELD / 4 / side)));
  const top = Math.floor(random() * FIELD);
  const left = Math.floor(random() * FIELD);
  const tint = Array.from({ length: 3 }, () => ({ middle: 80 + 90 * random(), gain: 60 + 120 * random() }));
  const blob = Array.from({ length: 3 }, () => 255 * random());
  const radius = side * (0.08 + 0.2 * random());
  const row = side * random();
  const col = side * random();
  for (let y = 0, i = 0; y < side; y++) {
    const line = ((top + y * stride) % FIELD) * FIELD;
    for (let x = 0; x < side; x++) {
      const value = field[line + ((left + x * stride) % FIELD)];
      const inside = (y - row) ** 2 + (x - col) ** 2 < radius ** 2;
      for (let c = 0; c < 3; c++, i++) {
        const { middle, gain } = tint[c];
        const color = inside ? 0.7 * blob[c] + 0.3 * (middle + gain * value) : middle + gain * value;
        out[i] = Math.max(0, Math.min(255, color));
      }
    }
  }
}

/** How much input a contender goes through before it meets a batch again: the last-level cache, within reason. */
export function inputBytes(quick) {
  if (quick) return 4 * MEGABYTE;
  return Math.min(256 * MEGABYTE, Math.max(64 * MEGABYTE, cacheBytes()));
}

/** Size of the last-level cache where the system tells it, or 0. */
export function cacheBytes() {
  try {
    const text = readFileSync('/sys/devices/system/cpu/cpu0/cache/index3/size', 'utf8');
    return Number.parseInt(text, 10) * 1024;
  } catch {
    return 0;
  }
}

/** Writes files of batches on first use, shared by all contenders: uint8, shape [batches, count, side, side, 3]. */
export function createInputs(folder, quick) {
  const files = new Map();
  let field;
  return ({ count, side }) => {
    const name = `${count}x${side}`;
    if (files.has(name)) return files.get(name);
    const random = numbers(count * 1000 + side);
    field ??= cloudField(numbers(1));
    const bytes = count * side * side * 3;
    const batches = Math.max(2, Math.ceil(inputBytes(quick) / bytes));
    const file = join(folder, `${name}.bin`);
    const out = openSync(file, 'w');
    const image = new Uint8Array(side * side * 3);
    for (let i = 0; i < batches * count; i++) {
      paint(field, random, side, image);
      writeSync(out, image);
    }
    closeSync(out);
    const input = { file, shape: [batches, count, side, side, 3] };
    files.set(name, input);
    return input;
  };
}
