/** The batch that a native call reads, wherever its pixels are. */
import type { ImageBatch } from '../types';
import type { NativeInput } from './binding';
import { allocate } from './memory';
import type { Resident, TransferOptions } from './resident';

/** uint8 NHWC, checked. */
export interface BatchInput {
  readonly shape: ImageBatch['shape'];
  /** What native calls take. */
  readonly native: NativeInput;
  /** Memory of this process that they read. */
  readonly reads: readonly Uint8Array[];
  /** Memory of a backend that they read: only that backend can. */
  readonly resident?: Resident;
  /** The batch in this process; it makes a trip only where it is elsewhere. */
  toHost(options: TransferOptions): Promise<ImageBatch>;
}

export function hostInput(batch: ImageBatch): BatchInput {
  const { data, shape } = batch;
  const [count, height, width, channels] = shape;
  const native = { data, count, height, width, channels };
  return { shape, native, reads: [data], toHost: () => Promise.resolve(batch) };
}

/** @throws SaliencyMixError ARGUMENT once the memory is freed */
export function residentInput(resident: Resident, shape: ImageBatch['shape']): BatchInput {
  const [count, height, width, channels] = shape;
  const native = { resident: resident.handle('batch'), count, height, width, channels };
  const toHost = async (options: TransferOptions) => {
    const data = allocate(Uint8Array, resident.bytes);
    await resident.download(data, options);
    return { data, shape };
  };
  return { shape, native, reads: [], resident, toHost };
}
