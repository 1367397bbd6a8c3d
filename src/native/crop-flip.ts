/** Shifting and mirroring the images of a batch natively. */
import type { Signal } from '../types';
import { backendFor, chooseThreads } from './backends';
import type { BatchInput } from './batch-input';
import type { NativeDestination } from './binding';
import { runNative } from './call';
import { addon } from './load';

/**
 * Shifts and mirrors each image of a batch as its draw says, and writes it to `output`, which is as long as the
 * batch, where the batch is, and must not overlap it. `draws` has three numbers per image: dy, dx, flip. Output (row,
 * column) is input (row + dy, column + dx), 0 outside the image; where flip is 1 the result is then mirrored
 * left and right.
 */
export async function cropFlip(
  batch: BatchInput,
  draws: Int32Array,
  output: NativeDestination,
  { threads, signal }: { threads?: number; signal?: Signal } = {},
): Promise<void> {
  const [count, height, width] = batch.shape;
  const work = { pixels: count * height * width, saliency: false, needs: [] };
  const run = { backend: backendFor('auto', batch, work), threads: chooseThreads(threads) };
  const call = { ...batch.native, ...run, draws, output };
  await runNative((cancel) => addon().cropFlip({ ...call, cancel }), batch.reads, signal);
}
