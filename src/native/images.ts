/** Image files and pixels brought to the slots of a batch, natively. */
import { availableParallelism } from 'node:os';
import { addon } from './load';
import { runNative } from './call';

export interface JpegFiles {
  /** A file for each slot of the batch; an empty one where there is none. */
  files: readonly Uint8Array[];
  /** 1 where a colour profile, if the file has one, changes nothing. */
  plain: Uint8Array;
  /** Bring images of another size to that of the batch. */
  resize: boolean;
  size: readonly [height: number, width: number];
}

/** Version of the JPEG decoder in the addon; empty where it was built without one. */
export function jpegVersion(): string {
  return addon().jpegVersion();
}

/**
 * Decodes JPEG files into the slots of `images` (uint8 NHWC, RGB). Gives for each slot whether it is filled; what is not
 * (another format, a damaged file, one to be turned or with a colour profile, one of another size) is for another
 * decoder, which also knows what to say of it.
 */
export async function loadJpegs(
  { files, plain, resize, size: [height, width] }: JpegFiles,
  images: Uint8Array,
  signal?: AbortSignal,
): Promise<boolean[]> {
  const outcomes = new Uint8Array(files.length).fill(1);
  const call = { files, plain, resize: resize ? 1 : 0, height, width, images, outcomes };
  const threads = availableParallelism();
  await runNative((cancel) => addon().loadJpegs({ ...call, threads, cancel }), [images], signal);
  return Array.from(outcomes, (outcome) => outcome === 0);
}

/** An RGB image (uint8 HWC) brought to `size`, covering it, what hangs over cut off evenly; see native/core/resize_crop.h. */
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
