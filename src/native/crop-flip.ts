/** Shifting and mirroring the images of a batch natively. */
import type { ImageBatch } from '../types';
import { chooseBackend, chooseThreads } from './backends';
import { runNative } from './call';
import { addon } from './load';

/**
 * Shifts and mirrors each image of a batch (uint8 NHWC) as its draw says, and writes it to `result`, which is
 * as long as the batch and must not overlap it. `draws` has three numbers per image: dy, dx, flip. Output (row,
 * column) is input (row + dy, column + dx), 0 outside the image; where flip is 1 the result is then mirrored
 * left and right.
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
