/** Operations on the images of a batch, natively. */
import type { ImageBatch, Signal } from '../types';
import { chooseBackend, chooseThreads } from './backends';
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
 * Applies to each image of a batch (uint8 NHWC) its steps, and writes it to `result`, which is as long as the
 * batch and must not overlap it.
 */
export async function applyOperations(
  { data, shape: [count, height, width, channels] }: ImageBatch,
  steps: OperationSteps,
  result: Uint8Array,
  { threads, signal }: { threads?: number; signal?: Signal } = {},
): Promise<void> {
  const batch = { data, count, height, width, channels };
  const work = { pixels: count * height * width, saliency: false, needs: [] };
  const run = { backend: chooseBackend('auto', work), threads: chooseThreads(threads) };
  await runNative(
    (cancel) => addon().applyOperations({ ...batch, ...run, ...steps, result, cancel }),
    [data],
    signal,
  );
}
