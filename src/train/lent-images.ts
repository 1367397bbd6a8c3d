/** Images that are where a trainer computes: its thread is told where, and reads them there. */
import { DeviceBatch, residentOf } from '../device/batch';
import type { LentTensor } from '../onnx/ort-worker';
import type { Layout } from '../types';
import type { Images, TrainingBatch } from './batch';
import { BESIDE } from './graphs';

/** The images of a device batch, as other threads know them. */
export interface LentImages {
  loan: number;
  layout: Layout;
}

/** A batch that a runner takes. */
export type GivenBatch<B extends TrainingBatch<Images> = TrainingBatch> = Omit<B, 'images' | 'beside'> & {
  images: Float32Array | LentImages;
  /** Another one whose loss is added. */
  beside?: GivenBatch & { weight: number };
};

/** A batch that may have another one beside it. */
type Lendable = TrainingBatch<Images> & { beside?: TrainingBatch<Images> & { weight: number } };

function lendingImages<T>(
  images: Images,
  name: string,
  use: (given: Float32Array | LentImages) => Promise<T>,
): Promise<T> {
  if (!(images instanceof DeviceBatch)) return use(images);
  const { layout } = images;
  return residentOf(images).lent(name, (loan) => use({ loan, layout }));
}

/**
 * Calls `use` with a batch whose images may be lent; they are kept until it has ended, also if they are freed meanwhile.
 * @throws SaliencyMixError ARGUMENT where they were freed before
 */
export async function lending<B extends Lendable, T>(
  batch: B,
  use: (given: GivenBatch<B>) => Promise<T>,
): Promise<T> {
  const { images: own, beside, ...rest } = batch;
  return lendingImages(own, 'images', (images) => {
    if (beside === undefined) return use({ ...rest, images });
    return lendingImages(beside.images, 'beside.images', (others) =>
      use({ ...rest, images, beside: { ...beside, images: others } }),
    );
  });
}

/** How the images of a batch are arranged. */
export const layoutOf = ({ images }: GivenBatch): Layout => ('loan' in images ? images.layout : 'NCHW');

/** The images of a batch as inputs of a graph for that layout, those that are lent. */
export function lentInputs(
  { images, beside }: GivenBatch,
  count: number,
  [height, width]: readonly [number, number],
): Record<string, LentTensor> {
  const tensor = ({ loan, layout }: LentImages): LentTensor => ({
    loan,
    shape: layout === 'NHWC' ? [count, height, width, 3] : [count, 3, height, width],
  });
  return {
    ...('loan' in images && { images: tensor(images) }),
    ...(beside && 'loan' in beside.images && { [BESIDE.images]: tensor(beside.images) }),
  };
}
