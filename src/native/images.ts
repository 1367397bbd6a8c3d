/** Decodes JPEG files into the slots of a batch, and resizes images, in native code. */
import { availableParallelism } from 'node:os';
import { addon } from './load';
import { runNative } from './call';

export interface JpegFiles {
  /** A file for each slot of the batch; an empty one where there is none. */
  files: readonly Uint8Array[];
  /** Per file: 1 where its colour profile, if it has one, may be ignored; see hasUsualProfile. */
  plain: Uint8Array;
  /** Whether images of another size are resized to that of the batch; else their slots stay unfilled. */
  resize: boolean;
  size: readonly [height: number, width: number];
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
  { files, plain, resize, size: [height, width], maxPixels }: JpegFiles,
  images: Uint8Array,
  signal?: AbortSignal,
): Promise<boolean[]> {
  const outcomes = new Uint8Array(files.length).fill(1);
  const call = { files, plain, resize: resize ? 1 : 0, height, width, maxPixels, images, outcomes };
  const threads = availableParallelism();
  await runNative((cancel) => addon().loadJpegs({ ...call, threads, cancel }), [images], signal);
  return Array.from(outcomes, (outcome) => outcome === 0);
}

/**
 * Resizes an RGB image (uint8 HWC) so that it covers `size`, and crops it about its centre; see
 * native/core/resize_crop.h.
 */
export async function resizeCropImage(
  image: { pixels: Uint8Array; height: number; width: number },
  [height, width]: readonly [height: number, width: number],
): Promise<Uint8Array> {
  const { pixels, height: inHeight, width: inWidth } = image;
  const result = new Uint8Array(height * width * 3);
  await runNative(
    () => addon().resizeCropImage({ pixels, inHeight, inWidth, height, width, result }),
    [pixels],
  );
  return result;
}
