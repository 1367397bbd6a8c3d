/** Loaded batches brought to a backend's memory, and augmented there. */
import { DeviceBatch } from '../device/batch';
import { chooseThreads } from '../native/backends';
import { residentBatch, residentInput } from '../native/batch-input';
import { Resident } from '../native/resident';
import type { ImageBatch, Signal } from '../types';
import { type AugmentationDraws, applyAugmentation, drawsOfSlots } from './augmentation';
import type { LoadedBatch } from './load';

/** What is done to the images of a batch, where. */
export interface Moving {
  backend: string;
  /** Of all slots. */
  draws?: AugmentationDraws;
  signal?: Signal;
}

/** Uploads images and augments them as drawn for them: to the bytes that they would have had here. */
async function augmentedThere(
  { data, shape }: ImageBatch,
  { backend, draws = {}, signal }: Moving,
): Promise<DeviceBatch<'uint8'>> {
  const uploaded = new Resident(backend, data.length);
  const made = [uploaded];
  let shown: Resident | undefined;
  try {
    await uploaded.upload(data, { threads: chooseThreads(undefined), signal });
    const fresh = () => {
      const memory = new Resident(backend, data.length);
      made.push(memory);
      return residentBatch(memory, shape);
    };
    const augmented = await applyAugmentation(residentInput(uploaded, shape), draws, fresh, signal);
    shown = augmented.resident ?? uploaded;
    return new DeviceBatch(shown, { shape, layout: 'NHWC', dtype: 'uint8' });
  } finally {
    for (const one of made) if (one !== shown) one.free();
  }
}

export type BatchOnDevice = Omit<LoadedBatch, 'images'> & { images: DeviceBatch<'uint8'> | undefined };

/** A batch whose images, which are not augmented yet, are brought to a backend. */
export async function onDevice(
  { images, ...loaded }: LoadedBatch,
  { draws, ...moving }: Moving,
): Promise<BatchOnDevice> {
  const own = draws && drawsOfSlots(draws, loaded.slots.of);
  return { ...loaded, images: images && (await augmentedThere(images, { ...moving, draws: own })) };
}
