/** Batches whose pixels stay where a backend computes: brought there once, and back only when asked for. */
import * as check from '../check';
import { imageBatch } from '../check-batch';
import { chooseBackend, chooseThreads, levelOf, runOptions, RESIDENT_WORK } from '../native/backends';
import { allocatePixels, bytesOf, type PixelForm } from '../native/pixels';
import { Resident } from '../native/resident';
import { residentInput, type BatchInput } from '../native/batch-input';
import { findSaliency, type SaliencyExtremes, type SaliencyResult, searchOptions } from '../saliency/index';
import { flag, later, type OptionsOf, parse } from '../option';
import type { Dtype, ImageBatch, Layout, Pixels } from '../types';

const { threads, signal } = runOptions;

const uploadOptions = {
  /** 'auto' unless given: the first that is available, in the order of `backends()`, however small the batch. */
  backend: runOptions.backend,
  threads,
  signal,
};

export type UploadOptions = OptionsOf<typeof uploadOptions>;

const downloadOptions = {
  /** Memory for the pixels, as long or longer, which no one reads any more. New memory unless given. */
  into: later<Pixels['data']>(),
  threads,
  signal,
};

export type DownloadOptions = OptionsOf<typeof downloadOptions>;

const deviceSaliencyOptions = {
  ...searchOptions,
  /** false: only peaks and lows are brought back. */
  maps: flag({ default: true }),
};

/** `backend` is the batch's. */
export type DeviceSaliencyOptions = OptionsOf<typeof deviceSaliencyOptions>;

/** The memory of a batch: for native calls, not for users. */
export let residentOf: (batch: DeviceBatch) => Resident;

/**
 * n images of one size and one form in a backend's memory: uploaded (uint8 NHWC), or mixed there. It is freed by `free()`,
 * or by the garbage collector; whatever was called before keeps its memory until it ends.
 */
export class DeviceBatch {
  /** As the layout orders it. */
  readonly shape: Pixels['shape'];
  readonly layout: Layout;
  readonly dtype: Dtype;
  /** Where it is, and at which level that runs. */
  readonly backend: string;
  readonly level: string;
  readonly bytes: number;
  readonly #resident: Resident;
  /** Frees it, as `using` asks, where the runtime has that symbol. */
  declare readonly [Symbol.dispose]: () => void;

  constructor(resident: Resident, { shape, layout, dtype }: PixelForm) {
    this.shape = [...shape];
    this.layout = layout;
    this.dtype = dtype;
    this.backend = resident.backend;
    this.level = levelOf(resident.backend);
    this.bytes = resident.bytes;
    this.#resident = resident;
  }

  /**
   * As `saliency()` does, where the pixels are; of uint8 NHWC batches. A model (`learned`) runs in this process: for it
   * the pixels are brought back.
   * @throws (rejects) SaliencyMixError ARGUMENT, MODEL; the signal's reason when aborted
   */
  saliency(options: DeviceSaliencyOptions & { maps: false }): Promise<SaliencyExtremes>;
  saliency(options?: DeviceSaliencyOptions): Promise<SaliencyResult>;
  async saliency(options?: DeviceSaliencyOptions): Promise<SaliencyExtremes> {
    const given = parse(deviceSaliencyOptions, options, 'saliency options');
    return await findSaliency(deviceInput(this), given);
  }

  /**
   * The pixels in this process's memory, in the form they have.
   * @throws (rejects) SaliencyMixError ARGUMENT; the signal's reason when aborted
   */
  async download(options?: DownloadOptions): Promise<Pixels> {
    const given = parse(downloadOptions, options, 'download options');
    const run = { threads: chooseThreads(given.threads), signal: given.signal };
    this.#resident.handle('batch');
    const { shape, layout, dtype } = this;
    const pixels = allocatePixels({ shape, layout, dtype }, given.into);
    await this.#resident.download(pixels.data, run);
    return pixels;
  }

  /** Frees the memory, also that of batches which were mixed `into` it. Using it afterwards is an ARGUMENT error. */
  free(): void {
    this.#resident.free();
  }

  static {
    residentOf = (batch) => batch.#resident;
  }
}

// Node 20.9 has the symbol; a sandbox may not.
if (Symbol.dispose) {
  Object.defineProperty(DeviceBatch.prototype, Symbol.dispose, {
    value(this: DeviceBatch) {
      this.free();
    },
  });
}

/**
 * What native calls read of a batch.
 * @throws SaliencyMixError ARGUMENT where it is not uint8 NHWC, or was freed
 */
export function deviceInput(batch: DeviceBatch): BatchInput {
  const { shape, layout, dtype } = batch;
  if (layout !== 'NHWC' || dtype !== 'uint8')
    throw check.invalid('batch', 'a device batch of uint8 NHWC', `${dtype} ${layout}`);
  return residentInput(residentOf(batch), shape);
}

/**
 * Brings a batch (uint8 NHWC, 1 or 3 channels) to a backend's memory, to be mixed and searched there. The batch must stay
 * as it is until the promise settles.
 * @throws (rejects) SaliencyMixError ARGUMENT, BACKEND, ADDON; NATIVE where the backend has no memory left; the signal's
 *   reason when aborted
 */
export async function uploadBatch(batch: ImageBatch, options?: UploadOptions): Promise<DeviceBatch> {
  const given = parse(uploadOptions, options, 'upload options');
  const { data, shape } = imageBatch(batch);
  const run = { threads: chooseThreads(given.threads), signal: given.signal };
  const form: PixelForm = { shape, layout: 'NHWC', dtype: 'uint8' };
  const resident = new Resident(chooseBackend(given.backend, RESIDENT_WORK), bytesOf(form));
  try {
    await resident.upload(data, run);
  } catch (error) {
    resident.free();
    throw error;
  }
  return new DeviceBatch(resident, form);
}
