/** The batch that a native call reads: in memory of this process, or in a backend's memory. */
import type { ImageBatch } from '../types';
import type { NativeDestination, NativeInput } from './binding';
import { allocate } from './memory';
import type { Resident, TransferOptions } from './resident';

/** A batch of uint8 NHWC, already checked. */
export interface BatchInput {
  readonly shape: ImageBatch['shape'];
  /** The batch as the addon takes it. */
  readonly native: NativeInput;
  /** Memory of this process that native calls read. */
  readonly reads: readonly Uint8Array[];
  /** The backend's memory that native calls read, if the batch is there. Only that backend can read it. */
  readonly resident?: Resident;
  /** The batch in memory of this process; downloaded if it is in a backend's memory. */
  toHost(options: TransferOptions): Promise<ImageBatch>;
}

/** Memory for a batch of uint8 NHWC: what a native call writes, and then the input of the next. */
export interface FreshBatch {
  readonly output: NativeDestination;
  readonly input: BatchInput;
}

export const hostBatch = (batch: ImageBatch): FreshBatch => ({
  output: { images: batch.data },
  input: hostInput(batch),
});

export const residentBatch = (resident: Resident, shape: ImageBatch['shape']): FreshBatch => ({
  output: { resident: resident.handle('batch') },
  input: residentInput(resident, shape),
});

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
