/** The golden sets: images, maps of the reference implementations, peaks, lows and boxes. See test/golden/README.md. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import sharp from 'sharp';
import { type ImageBatch, saliency, type SaliencyMethod, type SaliencyOptions } from '../src';

export interface GoldenBoxes {
  lam: number;
  cut_h: number;
  cut_w: number;
  official: [number, number, number, number];
  official_lam: number;
  shifted: [number, number, number, number];
  shifted_lam: number;
}

export interface GoldenMap {
  file: string;
  peak: [number, number];
  min_pixel: [number, number];
  peak_margin: number;
  min_margin: number;
  boxes: GoldenBoxes[];
}

export interface GoldenImage {
  id: string;
  height: number;
  width: number;
  png: string;
  methods: Record<'fg' | 'sr' | 'ft', GoldenMap>;
}

export interface GoldenSet {
  name: string;
  folder: string;
  images: GoldenImage[];
}

export const goldenMethods = [
  { key: 'fg', method: 'fine-grained', tolerance: 0 },
  { key: 'sr', method: 'spectral-residual', tolerance: 2.5e-4 },
  { key: 'ft', method: 'frequency-tuned', tolerance: 1e-3 },
] as const satisfies { key: 'fg' | 'sr' | 'ft'; method: SaliencyMethod; tolerance: number }[];

/** The committed set, and the one of real photographs where it lies beside the checkout. */
const folders = {
  synthetic: resolve(__dirname, 'golden', 'saliency', 'synthetic'),
  real: resolve(__dirname, '..', '..', 'shared', 'golden', 'saliency', 'real'),
};

export const goldenSets: GoldenSet[] = Object.entries(folders)
  .filter(([, folder]) => existsSync(folder))
  .map(([name, folder]) => {
    const { images } = JSON.parse(readFileSync(resolve(folder, 'index.json'), 'utf8')) as {
      images: GoldenImage[];
    };
    return { name, folder, images };
  });

export async function goldenBatch(set: GoldenSet, image: GoldenImage): Promise<ImageBatch> {
  const { data, info } = await sharp(resolve(set.folder, image.png))
    .removeAlpha()
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data: new Uint8Array(data), shape: [1, info.height, info.width, info.channels] };
}

/** The reference map, in the units of `saliency()`. */
export function goldenMap(set: GoldenSet, image: GoldenImage, key: 'fg' | 'sr' | 'ft'): Float32Array {
  const bytes = readFileSync(resolve(set.folder, image.methods[key].file));
  if (key === 'fg') return Float32Array.from(bytes, (v) => Math.fround(v * Math.fround(1 / 255)));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** What differs from the reference in the images of a set, and in how many of them the peak had to be the same. */
export async function compareWithGolden(
  set: GoldenSet,
  { key, method, tolerance }: (typeof goldenMethods)[number],
  options: SaliencyOptions = {},
): Promise<{ wrong: string[]; decided: number }> {
  const wrong: string[] = [];
  let decided = 0;
  // An exact map decides ties too: the first in row-major order.
  const decides = (gap: number) => tolerance === 0 || gap > 2 * tolerance;
  for (const image of set.images) {
    const found = await saliency(await goldenBatch(set, image), { ...options, method });
    const truth = goldenMap(set, image, key);
    if (found.maps.length !== truth.length) wrong.push(`${image.id}: map of ${found.maps.length} pixels`);
    const worst = truth.reduce((most, value, i) => Math.max(most, Math.abs(value - found.maps[i])), 0);
    if (!(worst <= tolerance)) wrong.push(`${image.id}: map off by ${worst}`);

    const golden = image.methods[key];
    if (decides(golden.peak_margin)) {
      decided++;
      if (String(found.peaks) !== String(golden.peak))
        wrong.push(`${image.id}: peak ${String(found.peaks)}, not ${String(golden.peak)}`);
    }
    if (decides(golden.min_margin) && String(found.lows) !== String(golden.min_pixel))
      wrong.push(`${image.id}: low ${String(found.lows)}, not ${String(golden.min_pixel)}`);
  }
  return { wrong, decided };
}
