/** Applies a plan, drawn now or read back from a file, to images, label maps or detection boxes. */
import { types } from 'node:util';
import * as check from '../check';
import { maskBatch } from '../check-batch';
import type { DeviceBatch } from '../device/batch';
import { backendFor, chooseThreads, runOptions } from '../native/backends';
import { runNative } from '../native/call';
import { allocate } from '../native/memory';
import { addon } from '../native/load';
import { hostInput, type BatchInput } from '../native/batch-input';
import { later, type OptionsOf, type Parsed, parse, real } from '../option';
import type { Dtype, ImageBatch, MaskBatch, OutputFormat, Pixels } from '../types';
import type { DetectionBox } from './box-geometry';
import { checkBoxes, mixBoxes } from './boxes';
import { mixInputOf } from './input';
import { kindOf } from './kinds';
import { outputTo, resolveOutput } from './output';
import { mixByMasks } from './masked';
import { masksOf } from './masks';
import { callMix } from './place';
import { checkPlan, checkPlanFits, type MixPlan } from './plan';
import { encodeSamples, kindsIn } from './records';

const applyOptions = {
  /** Images only: the form of the result. */
  output: later<OutputFormat>(),
  /** Boxes only: a box of which less than this share of its area stays visible is dropped; 0.1 unless given. */
  minVisibility: real('0 … 1', [0, 1], { default: 0.1 }),
  /**
   * Value (images, 0 … 255) or label of erased pixels. Unless given: for images the plan's, for label maps 0.
   */
  fill: later<number>(),
  ...runOptions,
};

export interface ApplyOptions<D extends Dtype = Dtype> extends OptionsOf<typeof applyOptions> {
  output?: OutputFormat<D>;
}

/** A dtype is given; without this it may be, or else it is uint8. */
type InDtype<D extends Dtype> = ApplyOptions<D> & { output: { dtype: D } };

type Applying = Parsed<typeof applyOptions>;

/**
 * Applies a plan to a batch. Number and size of the images must be those of the plan. The inputs are not
 * changed.
 *
 * - Images (uint8 NHWC, 1 or 3 channels): gives the mixed images, the same bytes as the mixer that made the
 *   plan: uint8 NHWC, or the form that `output` says. A device batch (uint8 NHWC) gives a device batch on the
 *   same backend.
 *   The pixels of samples with masks are mixed on the processor.
 * - Label maps (uint8 or int32, [n, h, w]; int32 also [n, h, w, 1]): pasted and erased like the images; the
 *   type is kept. Labels cannot be blended: a plan with a sample that is blended, or
 *   mixed by a mask, is refused.
 * - Detection boxes (a list per image, half open, in pixels): a box of the target shrinks to what the patch
 *   leaves visible; a box of the source shrinks to what lies inside the patch, and moves with it. Of images that are blended or mixed
 *   by masks both keep theirs.
 * @throws (rejects) SaliencyMixError ARGUMENT, BACKEND, ADDON; the signal's reason when aborted
 */
export function applyPlan<D extends Dtype>(
  plan: MixPlan,
  images: ImageBatch,
  options: InDtype<D>,
): Promise<Pixels<D>>;
export function applyPlan<D extends Dtype = 'uint8'>(
  plan: MixPlan,
  images: ImageBatch,
  options: ApplyOptions<D> & { output: OutputFormat<D> },
): Promise<Pixels<D | 'uint8'>>;
export function applyPlan(
  plan: MixPlan,
  images: ImageBatch,
  options?: ApplyOptions & { output?: undefined },
): Promise<ImageBatch>;
export function applyPlan(
  plan: MixPlan,
  images: ImageBatch,
  options?: ApplyOptions,
): Promise<ImageBatch | Pixels>;
export function applyPlan<D extends Dtype>(
  plan: MixPlan,
  images: DeviceBatch,
  options: InDtype<D>,
): Promise<DeviceBatch<D>>;
export function applyPlan<D extends Dtype = 'uint8'>(
  plan: MixPlan,
  images: DeviceBatch,
  options?: ApplyOptions<D>,
): Promise<DeviceBatch<D | 'uint8'>>;
export function applyPlan<T extends MaskBatch>(plan: MixPlan, masks: T, options?: ApplyOptions): Promise<T>;
export function applyPlan<B extends DetectionBox>(
  plan: MixPlan,
  boxes: readonly (readonly B[])[],
  options?: ApplyOptions,
): Promise<B[][]>;
export async function applyPlan(plan: MixPlan, input: unknown, options?: ApplyOptions): Promise<unknown> {
  const given = parse(applyOptions, options, 'apply options');
  const checked = checkPlan(plan);
  if (Array.isArray(input)) return mixBoxes(checked, checkBoxes(input, checked), given.minVisibility);
  return isImages(input) ? applyToImages(checked, input, given) : applyToMasks(checked, input, given);
}

/** Images are uint8 with four dimensions. Label maps have three dimensions, or are int32. */
function isImages(input: unknown): boolean {
  const { shape, data } = (input ?? {}) as { shape?: unknown; data?: unknown };
  return !(Array.isArray(shape) && shape.length === 3) && !types.isInt32Array(data);
}

/** The backend, threads and signal of a native call on a batch. */
function runOf(
  input: Pick<BatchInput, 'shape' | 'resident'>,
  { backend, threads, signal }: Applying,
  needs: readonly string[],
) {
  const [count, height, width] = input.shape;
  return {
    backend: backendFor(backend, input, { pixels: count * height * width, saliency: false, needs }),
    threads: chooseThreads(threads),
    signal,
  };
}

async function applyToImages(
  plan: MixPlan,
  input: unknown,
  options: Applying,
): Promise<ImageBatch | Pixels | DeviceBatch> {
  const { input: batch, allocateResult } = mixInputOf(input);
  const { shape } = batch;
  checkPlanFits(plan, shape, 'batch');
  const output = resolveOutput(options.output, shape[3]);
  const fill = options.fill === undefined ? undefined : check.integer(options.fill, 'fill', 0, 255);
  const needs = [...kindsIn(plan.samples), output.dtype];
  const context = { input: batch, ...runOf(batch, options, needs) };
  const masks = masksOf(plan.samples);
  const { images, native } = allocateResult(output, plan.samples.length);
  const records = encodeSamples(plan.samples, fill);
  const to = outputTo(output.native, native);
  if (masks) await mixByMasks(context, await batch.toHost(context), records, masks, to);
  else await callMix(context, records, { output: to });
  const asBatch = options.output === undefined && 'data' in images;
  return asBatch ? { data: images.data as Uint8Array, shape: images.shape } : images;
}

async function applyToMasks(plan: MixPlan, input: unknown, options: Applying): Promise<MaskBatch> {
  const masks = maskBatch(input);
  checkPlanFits(plan, masks.shape, 'masks');
  plan.samples.forEach((sample, index) => {
    const { notForLabels } = kindOf(sample);
    if (notForLabels === undefined) return;
    throw check.invalid('plan', `pasted or erased samples for label maps (${notForLabels})`, sample, {
      index,
    });
  });
  const fill = check.integer(options.fill ?? 0, 'fill', -0x80000000, 0x7fffffff);
  if (types.isUint8Array(masks.data)) check.integer(fill, 'fill', 0, 255);
  const [count, height, width] = masks.shape;
  const { backend, threads, signal } = runOf(
    { shape: [count, height, width, 1] },
    options,
    kindsIn(plan.samples),
  );
  const records = encodeSamples(plan.samples, fill);
  const shape = [plan.samples.length, ...masks.shape.slice(1)] as unknown as MaskBatch['shape'];
  const length = plan.samples.length * height * width;
  if (types.isUint8Array(masks.data)) {
    const images = allocate(Uint8Array, length);
    const batch = hostInput({ data: masks.data, shape: [count, height, width, 1] });
    const output = outputTo(resolveOutput({}, 1).native, { images });
    await callMix({ input: batch, backend, threads, signal }, records, { output });
    return { data: images, shape };
  }
  const data = masks.data;
  const result = allocate(Int32Array, length);
  await runNative(
    () => addon().mixLabelMaps({ data, count, height, width, backend, threads, ...records, result }),
    [data],
    signal,
  );
  return { data: result, shape };
}
