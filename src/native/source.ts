/** The batch that a native call reads, wherever its pixels are. */
import type { ImageBatch } from '../types';
import type { NativeSource } from './binding';
import { allocate } from './memory';
import type { Resident, TransferOptions } from './resident';

/** uint8 NHWC, checked. */
export interface Source {
  readonly shape: ImageBatch['shape'];
  /** What native calls take. */
  readonly native: NativeSource;
  /** Memory of this process that they read. */
  readonly reads: readonly Uint8Array[];
  /** Memory of a backend that they read: only that backend can. */
  readonly resident?: Resident;
  /** The batch in this process; it makes a trip only where it is elsewhere. */
  here(options: TransferOptions): Promise<ImageBatch>;
}

export function hostSource(batch: ImageBatch): Source {
  const { data, shape } = batch;
  const [count, height, width, channels] = shape;
  const native = { data, count, height, width, channels };
  return { shape, native, reads: [data], here: () => Promise.resolve(batch) };
}

/** @throws SaliencyMixError ARGUMENT once the memory is freed */
export function residentSource(resident: Resident, shape: ImageBatch['shape']): Source {
  const [count, height, width, channels] = shape;
  const native = { resident: resident.handle('batch'), count, height, width, channels };
  const here = async (options: TransferOptions) => {
    const data = allocate(Uint8Array, resident.bytes);
    await resident.download(data, options);
    return { data, shape };
  };
  return { shape, native, reads: [], resident, here };
}
