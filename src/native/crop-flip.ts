/** Shifting and mirroring the images of a batch natively. */
import type { ImageBatch } from '../types';
import { chooseBackend, chooseThreads } from './backends';
import { runNative } from './call';
import { addon } from './load';

/**
 * Writes every image (uint8 NHWC) to `result`, which is as long as the batch and apart from it, as drawn for it: output
 * (row, column) shows input (row + dy, column + dx), zeros outside, and is then mirrored left and right where flip is 1.
 * `draws` has dy, dx, flip of image after image.
 */
export async function cropFlip(
  { data, shape: [count, height, width, channels] }: ImageBatch,
  draws: Int32Array,
  result: Uint8Array,
  { threads, signal }: { threads?: number; signal?: AbortSignal } = {},
): Promise<void> {
  const batch = { data, count, height, width, channels };
  const work = { pixels: count * height * width, saliency: false, needs: [] };
  const run = { backend: chooseBackend('auto', work), threads: chooseThreads(threads) };
  await runNative((cancel) => addon().cropFlip({ ...batch, ...run, draws, result, cancel }), [data], signal);
}
