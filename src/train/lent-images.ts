/** Images that are where a trainer computes: its thread is told where, and reads them there. */
import { DeviceBatch, residentOf } from '../device/batch';
import type { LentTensor } from '../onnx/ort-worker';
import type { Layout } from '../types';
import type { Images, TrainingBatch } from './batch';

/** The images of a device batch, as other threads know them. */
export interface LentImages {
  loan: number;
  layout: Layout;
}

/** A batch that a runner takes. */
export type GivenBatch<B extends TrainingBatch<Images> = TrainingBatch> = Omit<B, 'images'> & {
  images: Float32Array | LentImages;
};

/**
 * Calls `use` with a batch whose images may be lent; they are kept until it has ended, also if they are freed meanwhile.
 * @throws SaliencyMixError ARGUMENT where they were freed before
 */
export async function lending<B extends TrainingBatch<Images>, T>(
  batch: B,
  use: (given: GivenBatch<B>) => Promise<T>,
): Promise<T> {
  const { images } = batch;
  if (!(images instanceof DeviceBatch)) return use({ ...batch, images });
  const { layout } = images;
  return residentOf(images).lent('images', (loan) => use({ ...batch, images: { loan, layout } }));
}

/** How the images of a batch are arranged. */
export const layoutOf = ({ images }: GivenBatch): Layout => ('loan' in images ? images.layout : 'NCHW');

/** The images of a batch as an input of a graph for that layout, if they are lent. */
export function lentInput(
  { images }: GivenBatch,
  count: number,
  [height, width]: readonly [number, number],
): { images: LentTensor } | undefined {
  if (!('loan' in images)) return undefined;
  const { loan, layout } = images;
  return {
    images: { loan, shape: layout === 'NHWC' ? [count, height, width, 3] : [count, 3, height, width] },
  };
}
