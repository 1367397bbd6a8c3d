/** Decodes JPEG files into the slots of a batch, and resizes images, in native code. */
import { availableParallelism } from 'node:os';
import type { Signal } from '../types';
import { addon } from './load';
import { runNative } from './call';

/** Which part of images is shown at a size; without it they cover the size, and are cropped about their centre. */
export interface Framing {
  /**
   * The length that the shorter side is resized to, before the size is cropped about the centre: at least the longer side of
   * that.
   */
  shorter?: number;
  /** A random box instead: what was drawn for each image, see data/resized-crop.ts. */
  crops?: Float64Array;
}

export interface JpegFiles {
  /** A file for each slot of the batch; an empty one where there is none. */
  files: readonly Uint8Array[];
  /** Per file: 1 where its colour profile, if it has one, may be ignored; see hasUsualProfile. */
  plain: Uint8Array;
  /** Whether images of another size are resized to that of the batch; else their slots stay unfilled. */
  resize: boolean;
  size: readonly [height: number, width: number];
  framing?: Framing;
  /** Files with more pixels are not decoded. */
  maxPixels: number;
}

/** Version of the JPEG decoder in the addon; '' where it was built without one. */
export function jpegVersion(): string {
  return addon().jpegVersion();
}

/**
 * Decodes JPEG files into the slots of `images` (uint8 NHWC, RGB). Gives for each slot whether it is filled. It
 * is not for another format, a damaged file, one that has to be rotated or has a colour profile, one of too many
 * pixels, and one of another size. The caller gives those to sharp, which decodes them or says what is wrong.
 */
export async function loadJpegs(
  { files, plain, resize, size: [height, width], framing = {}, maxPixels }: JpegFiles,
  images: Uint8Array,
  signal?: Signal,
): Promise<boolean[]> {
  const outcomes = new Uint8Array(files.length).fill(1);
  const { shorter = 0, crops } = framing;
  const how = { resize: resize ? 1 : 0, height, width, shorter, crops, maxPixels };
  const call = { files, plain, ...how, images, outcomes };
  const threads = availableParallelism();
  await runNative((cancel) => addon().loadJpegs({ ...call, threads, cancel }), [images], signal);
  return Array.from(outcomes, (outcome) => outcome === 0);
}

/**
 * Brings RGB images of one size (uint8, NHWC) to another: what is framed of each of them; see native/core/framing.h.
 * @param result count × height × width × 3 bytes, which are overwritten
 */
export async function frameImages(
  {
    pixels,
    count,
    height: inHeight,
    width: inWidth,
  }: { pixels: Uint8Array; count: number; height: number; width: number },
  [height, width]: readonly [height: number, width: number],
  { shorter = 0, crops }: Framing,
  result: Uint8Array,
  signal?: Signal,
): Promise<void> {
  const call = {
    threads: availableParallelism(),
    count,
    pixels,
    inHeight,
    inWidth,
    height,
    width,
    shorter,
    crops,
  };
  await runNative((cancel) => addon().frameImages({ ...call, result, cancel }), [pixels, result], signal);
}
