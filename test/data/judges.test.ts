/**
 * Files of odd formats are decoded to the pixels that other decoders give for them (Pillow, Little CMS, libavif), and what
 * is not decoded is refused in words. test/golden/decoding/make.py makes both.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { decode, probeSize } from '../../src/data/codec';
import { loadBatch } from '../../src/data/load';
import { statedPixels } from '../../src/data/stated-pixels';
import { failure, sourceOf } from './fixtures';

interface Shown {
  judge: string;
  size: [height: number, width: number];
  /** How far a channel may be off; the sRGB that Little CMS rounds to may be the level beside. */
  tolerance: number;
  /** Every so many pixels of every so many rows are kept; all, where left out. */
  step?: number;
  rows: string[];
}
interface Refused {
  refused: string;
}

const folder = path.join(__dirname, '..', 'golden', 'decoding');
const { cases } = JSON.parse(readFileSync(path.join(folder, 'expected.json'), 'utf8')) as {
  cases: Record<string, Shown | Refused>;
};
const fileOf = (name: string) => readFileSync(path.join(folder, 'files', name));

const all = Object.entries(cases);
const shown = all.filter((entry): entry is [string, Shown] => 'rows' in entry[1]);
const refused = all.filter((entry): entry is [string, Refused] => 'refused' in entry[1]);

/** The largest difference of any channel of the pixels that are kept. */
function worst(pixels: Uint8Array, { size: [, width], step = 1, rows }: Shown): number {
  let most = 0;
  for (const [row, line] of rows.entries()) {
    for (const [column, pixel] of line.split(' ').entries()) {
      const at = (row * width + column) * step * 3;
      for (const [channel, value] of Buffer.from(pixel, 'hex').entries()) {
        most = Math.max(most, Math.abs(value - pixels[at + channel]));
      }
    }
  }
  return most;
}

test('there are over a hundred of them', () => {
  expect(shown.length).toBeGreaterThan(100);
  expect(refused.length).toBeGreaterThan(20);
});

test.each(shown)('%s', async (name, expected) => {
  const file = fileOf(name);
  const { pixels, height, width } = await decode(file, undefined, name);
  expect([height, width]).toEqual(expected.size);
  expect(pixels.length).toBe(height * width * 3);
  expect(worst(pixels, expected)).toBeLessThanOrEqual(expected.tolerance);
  expect(await probeSize(file, name)).toEqual(expected.size);
  expect(statedPixels(file)).toBe(height * width);
});

test.each(shown.filter(([name]) => name.endsWith('.jpg')))(
  '%s, decoded natively where it can be',
  async (name, expected) => {
    const { images } = await loadBatch({ source: sourceOf(1, async () => fileOf(name)) }, [0], expected.size);
    expect(worst(images?.data as Uint8Array, expected)).toBeLessThanOrEqual(expected.tolerance);
  },
);

test.each(['rgb8.avif', 'rgb10.avif', 'rgb12.avif', 'rgb16.png', 'rgb16.tif'])(
  '%s: an sRGB profile changes no pixel',
  async (name) => {
    const [stem, ending] = name.split('.');
    const without = await decode(fileOf(name), undefined, name);
    expect(await decode(fileOf(`${stem}-srgb.${ending}`), undefined, name)).toEqual(without);
  },
);

test.each(refused)('%s is refused', async (name, { refused: words }) => {
  for (const attempt of [() => decode(fileOf(name), [4, 4], name), () => probeSize(fileOf(name), name)]) {
    const error = await failure(attempt());
    expect(error).toMatchObject({ code: 'FILE', file: name });
    expect(error.message).toContain(`"${name}" ${words}`);
  }
});
