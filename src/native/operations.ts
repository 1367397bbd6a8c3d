/** Operations on the images of a batch, natively. */
import type { Signal } from '../types';
import { backendFor, chooseThreads } from './backends';
import type { BatchInput } from './batch-input';
import type { NativeDestination } from './binding';
import { runNative } from './call';
import { addon } from './load';

/** The operations of every image of a batch, in their order. */
export interface OperationSteps {
  stepsPerImage: number;
  /** Three numbers per step: the operation's, row, column. */
  steps: Int32Array;
  /** One per step. */
  magnitudes: Float64Array;
  /** The colour of what is left open: red, green, blue. Images of one channel take the first. */
  fill: Uint8Array;
}

let names: readonly string[] | undefined;

/** The names of the operations; native code knows each by its position. */
export function nativeOperations(): readonly string[] {
  names ??= addon().imageOperations();
  return names;
}

/**
 * Applies to each image of a batch its steps, and writes it to `output`, which is as long as the batch, where the
 * batch is, and must not overlap it.
 */
export async function applyOperations(
  batch: BatchInput,
  steps: OperationSteps,
  output: NativeDestination,
  { threads, signal }: { threads?: number; signal?: Signal } = {},
): Promise<void> {
  const [count, height, width] = batch.shape;
  const work = { pixels: count * height * width, saliency: false, needs: [] };
  const run = { backend: backendFor('auto', batch, work), threads: chooseThreads(threads) };
  const call = { ...batch.native, ...run, ...steps, output };
  await runNative((cancel) => addon().applyOperations({ ...call, cancel }), batch.reads, signal);
}
