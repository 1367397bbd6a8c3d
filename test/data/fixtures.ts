/** What the tests of data/ share: a temporary folder, small images, tar archives, and errors as values. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';
import { pack } from 'tar-stream';
import { SaliencyMixError } from '../../src/errors';
import type { RawImage, DatasetSource } from '../../src/data/source';

/** A folder that is there for the tests of one file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'saliencymix-data-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file, its folders too. */
export function put(root: string, name: string, content: Uint8Array | string): string {
  const file = path.join(root, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

/** Pixels of one colour, uint8 HWC. */
export function plain(height: number, width: number, colour: readonly number[]): Uint8Array {
  return Uint8Array.from({ length: height * width * colour.length }, (_, i) => colour[i % colour.length]);
}

/** Pixels that are all different from their neighbours and do not compress well. */
export function noise(height: number, width: number, start = 1): Uint8Array {
  let state = start;
  return Uint8Array.from({ length: height * width * 3 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

export function png(pixels: Uint8Array, height: number, width: number): Promise<Buffer> {
  const channels = (pixels.length / (height * width)) as 1 | 3 | 4;
  return sharp(pixels, { raw: { height, width, channels } }).png().toBuffer();
}

/**
 * Images of 30 × 40 pixels that show their own masks, white on black, with those masks: boxes of a side, each at another place.
 */
export async function putShownMasks(
  data: string,
  { count, rows, cols }: { count: number; rows: number; cols: number },
): Promise<void> {
  for (let i = 0; i < count; i++) {
    const mask = Uint8Array.from({ length: 30 * 40 }, (_, p) => {
      const [row, col] = [Math.floor(p / 40), p % 40];
      return row > i && row <= i + rows && col > 2 * i && col <= 2 * i + cols ? 255 : 0;
    });
    const rgb = Uint8Array.from({ length: 3 * mask.length }, (_, p) => mask[(p / 3) | 0]);
    put(data, `one/${i}.png`, await png(rgb, 30, 40));
    put(data, `masks/one/${i}.png`, await png(mask, 30, 40));
  }
}

export function jpeg(pixels: Uint8Array, height: number, width: number): Promise<Buffer> {
  return sharp(pixels, { raw: { height, width, channels: 3 } })
    .jpeg({ quality: 95 })
    .toBuffer();
}

export interface TarEntry {
  name: string;
  content?: Uint8Array | string;
  type?: 'file' | 'symlink' | 'link' | 'directory';
  linkname?: string;
}

export async function tarOf(entries: readonly TarEntry[]): Promise<Buffer> {
  const archive = pack();
  const bytes = buffer(archive);
  for (const { name, content = '', type = 'file', linkname } of entries) {
    archive.entry({ name, type, linkname }, content);
  }
  archive.finalize();
  return bytes;
}

/** The error a promise rejects with; fails if it does not, or with something else. */
export async function failure(promise: Promise<unknown>): Promise<SaliencyMixError> {
  const outcome = await promise.then(
    () => 'resolved',
    (error: unknown) => error,
  );
  if (!(outcome instanceof SaliencyMixError)) throw new Error(`expected an error, got ${String(outcome)}`);
  return outcome;
}

/** A source of raw images; `read` may be anything, for sources that fail, count or wait. */
export function sourceOf(
  count: number,
  read: (index: number) => Promise<RawImage | Uint8Array>,
): DatasetSource {
  const items = Array.from({ length: count }, (_, i) => ({ id: `item-${i}`, label: i % 3 }));
  return { format: 'test', classes: ['a', 'b', 'c'], items, problems: [], read, close: async () => {} };
}

/** A raw image of one gray level. */
export function gray(level: number, height = 4, width = 4): RawImage {
  return { pixels: plain(height, width, [level, level, level]), height, width };
}
