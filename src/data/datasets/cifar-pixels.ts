/** The pixels of CIFAR's records: read one by one, or all at once and then kept in memory. */
import type { promises as fs } from 'node:fs';
import { fileError, systemReason } from '../fail';
import type { BulkReader, RawImage } from '../source';

const SIDE = 32;
const PLANE = SIDE * SIDE;
export const PIXELS = 3 * PLANE;

/** A file of records. Each is `labels` bytes, then the planes R, G, B of 32 × 32 bytes, row by row. */
export interface RecordFile {
  readonly handle: fs.FileHandle;
  /** Where the records begin: inside an archive not at 0. */
  readonly offset?: number;
  /** Number of records. */
  readonly count: number;
  /** Label bytes before the pixels. */
  readonly labels: number;
}

/** Records in one read: about 3 MB. */
export const CHUNK = 1024;

/**
 * Most bytes of pixels that are kept in memory; larger data sets are read record by record. The training images
 * of CIFAR take 147 MiB.
 */
const LARGEST_KEPT = 192 * 2 ** 20;

/** Reads one record from its file. `id` names it in errors. */
export async function readRecord(
  { handle, offset = 0, labels }: RecordFile,
  index: number,
  id: string,
): Promise<RawImage> {
  const planes = new Uint8Array(PIXELS);
  const at = offset + index * (labels + PIXELS) + labels;
  const { bytesRead } = await handle.read(planes, 0, PIXELS, at).catch((error: unknown) => {
    throw fileError(id, `cannot be read: ${systemReason(error)}`, error);
  });
  if (bytesRead < PIXELS)
    throw fileError(id, 'is no longer whole: the file grew shorter after it was opened');
  const pixels = new Uint8Array(PIXELS);
  interleave(planes, 0, pixels, 0);
  return { pixels, height: SIDE, width: SIDE };
}

export interface KeptPixels extends BulkReader {
  /** Frees the memory. Nothing can be read afterwards. */
  close(): void;
}

/**
 * A reader that loads the records of all files, in order, when the first is asked for, and keeps them as RGB
 * pixels. Then reading a record only copies 3 kB, whereas a read from the file takes longer than mixing the
 * image. Undefined where the pixels take more than `limit` bytes.
 */
export function keepPixels(files: readonly RecordFile[], limit = LARGEST_KEPT): KeptPixels | undefined {
  const count = files.reduce((sum, file) => sum + file.count, 0);
  if (count * PIXELS > limit) return undefined;
  let kept: Promise<Uint8Array> | undefined;
  let closed = false;
  return {
    height: SIDE,
    width: SIDE,
    async read(indices, out) {
      if (closed) throw new Error('the files are closed');
      kept ??= readAll(files, count);
      const pixels = await kept;
      for (let i = 0; i < indices.length; i++) {
        const from = indices[i] * PIXELS;
        out.set(pixels.subarray(from, from + PIXELS), i * PIXELS);
      }
    },
    close() {
      closed = true;
      kept = undefined;
    },
  };
}

async function readAll(files: readonly RecordFile[], count: number): Promise<Uint8Array> {
  const pixels = new Uint8Array(count * PIXELS);
  let done = 0;
  for (const { handle, offset = 0, count: records, labels } of files) {
    const record = labels + PIXELS;
    const chunk = new Uint8Array(Math.min(CHUNK, records) * record);
    for (let first = 0; first < records; first += CHUNK) {
      const wanted = Math.min(CHUNK, records - first) * record;
      const { bytesRead } = await handle.read(chunk, 0, wanted, offset + first * record);
      if (bytesRead < wanted) throw new Error('the file grew shorter after it was opened');
      for (let at = labels; at < wanted; at += record) interleave(chunk, at, pixels, done++ * PIXELS);
    }
  }
  return pixels;
}

/** Copies the planes of one record, from index `from` on, to RGB pixels from index `to` on. */
function interleave(planes: Uint8Array, from: number, pixels: Uint8Array, to: number): void {
  let at = to;
  for (let i = from; i < from + PLANE; i++) {
    pixels[at] = planes[i];
    pixels[at + 1] = planes[i + PLANE];
    pixels[at + 2] = planes[i + 2 * PLANE];
    at += 3;
  }
}
