/**
 * Batches in a backend's memory: uploaded once, used by any number of calls, downloaded only when asked for.
 */
import * as check from '../check';
import { imageBatch } from '../check-batch';
import { chooseBackend, chooseThreads, levelOf, runOptions, RESIDENT_WORK } from '../native/backends';
import { allocatePixels, bytesOf, type PixelForm } from '../native/pixels';
import { Resident } from '../native/resident';
import { residentInput, type BatchInput } from '../native/batch-input';
import { findSaliency, type SaliencyExtremes, type SaliencyResult, searchOptions } from '../saliency/index';
import { flag, later, type OptionsOf, parse } from '../option';
import type { ArrayOfDtype, Disposing, Dtype, ImageBatch, Layout, Pixels } from '../types';

const { threads, signal } = runOptions;

const uploadOptions = {
  /** 'auto' unless given: the first available one in the order of `backends()`, also for small batches. */
  backend: runOptions.backend,
  threads,
  signal,
};

export type UploadOptions = OptionsOf<typeof uploadOptions>;

const downloadOptions = {
  /**
   * Memory for the pixels: an array of the batch's dtype, as long as the batch or longer. New memory unless
   * given.
   */
  into: later<Pixels['data']>(),
  threads,
  signal,
};

export interface DownloadOptions<D extends Dtype = Dtype> extends OptionsOf<typeof downloadOptions> {
  into?: ArrayOfDtype[D];
}

const deviceSaliencyOptions = {
  ...searchOptions,
  /** false: only peaks and lows are brought back. */
  maps: flag({ default: true }),
};

/** The options of `saliency`, but for `backend`: that is the batch's. */
export type DeviceSaliencyOptions = OptionsOf<typeof deviceSaliencyOptions>;

/** The memory of a batch. Only this package can get it: it is not a property of DeviceBatch. */
export let residentOf: (batch: DeviceBatch) => Resident;

/**
 * n images of one size in a backend's memory: uploaded (uint8 NHWC), or the result of a mix there. The memory
 * is freed by `free()` or by the garbage collector, but not before calls that already run have ended.
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging -- see the interface
export class DeviceBatch<D extends Dtype = Dtype> {
  /** [n, h, w, c] where the layout is NHWC, [n, c, h, w] where it is NCHW. */
  readonly shape: Pixels['shape'];
  readonly layout: Layout;
  readonly dtype: D;
  /** The backend that has the batch, and the level of its code. */
  readonly backend: string;
  readonly level: string;
  readonly bytes: number;
  readonly #resident: Resident;

  constructor(resident: Resident, { shape, layout, dtype }: PixelForm<D>) {
    this.shape = [...shape];
    this.layout = layout;
    this.dtype = dtype;
    this.backend = resident.backend;
    this.level = levelOf(resident.backend);
    this.bytes = resident.bytes;
    this.#resident = resident;
  }

  /**
   * What `saliency()` gives, computed on the batch's backend; the batch must be uint8 NHWC. The methods
   * `learned` and `float-bytes` are exceptions: they run in this process, so the pixels are downloaded for them.
   * @throws (rejects) SaliencyMixError ARGUMENT, MODEL; the signal's reason when aborted
   */
  saliency(options: DeviceSaliencyOptions & { maps: false }): Promise<SaliencyExtremes>;
  saliency(options?: DeviceSaliencyOptions): Promise<SaliencyResult>;
  async saliency(options?: DeviceSaliencyOptions): Promise<SaliencyExtremes> {
    const given = parse(deviceSaliencyOptions, options, 'saliency options');
    return await findSaliency(deviceInput(this), given);
  }

  /**
   * Copies the pixels to memory of this process, in the layout and dtype that the batch has.
   * @throws (rejects) SaliencyMixError ARGUMENT; the signal's reason when aborted
   */
  async download(options?: DownloadOptions<D>): Promise<Pixels<D>> {
    const given = parse(downloadOptions, options, 'download options');
    const run = { threads: chooseThreads(given.threads), signal: given.signal };
    this.#resident.handle('batch');
    const { shape, layout, dtype } = this;
    const pixels = allocatePixels({ shape, layout, dtype }, given.into);
    await this.#resident.download(pixels.data, run);
    return pixels as Pixels<D>;
  }

  /**
   * Frees the memory, which batches that were mixed `into` it share. Using them afterwards is an ARGUMENT
   * error.
   */
  free(): void {
    this.#resident.free();
  }

  static {
    residentOf = (batch) => batch.#resident;
  }
}

/**
 * Also what a `using` block needs to free the batch at its end, where the program's types and the runtime have
 * it. As a member of the class its name would be an error in programs whose types do not.
 */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging, no-unused-vars -- its one member is defined below, and both declarations must have the same parameters
export interface DeviceBatch<D extends Dtype = Dtype> extends Disposing {}

// Node has the symbol from 20.9 on, but a sandbox (such as jest's) may lack it.
if (Symbol.dispose) {
  Object.defineProperty(DeviceBatch.prototype, Symbol.dispose, {
    value(this: DeviceBatch) {
      this.free();
    },
  });
}

/**
 * A device batch as the input of native calls.
 * @throws SaliencyMixError ARGUMENT where it is not uint8 NHWC, or was freed
 */
export function deviceInput(batch: DeviceBatch): BatchInput {
  const { shape, layout, dtype } = batch;
  if (layout !== 'NHWC' || dtype !== 'uint8')
    throw check.invalid('batch', 'a device batch of uint8 NHWC', `${dtype} ${layout}`);
  return residentInput(residentOf(batch), shape);
}

/**
 * Copies a batch (uint8 NHWC, 1 or 3 channels) to a backend's memory, for calls of `saliency`, `mix`, `plan`
 * and `applyPlan` there. Do not change the batch until the promise settles.
 * @throws (rejects) SaliencyMixError ARGUMENT, BACKEND, ADDON; NATIVE where the backend has no memory left; the
 *   signal's reason when aborted
 */
export async function uploadBatch(batch: ImageBatch, options?: UploadOptions): Promise<DeviceBatch<'uint8'>> {
  const given = parse(uploadOptions, options, 'upload options');
  const { data, shape } = imageBatch(batch);
  const run = { threads: chooseThreads(given.threads), signal: given.signal };
  const form: PixelForm<'uint8'> = { shape, layout: 'NHWC', dtype: 'uint8' };
  const resident = new Resident(chooseBackend(given.backend, RESIDENT_WORK), bytesOf(form));
  try {
    await resident.upload(data, run);
  } catch (error) {
    resident.free();
    throw error;
  }
  return new DeviceBatch(resident, form);
}
