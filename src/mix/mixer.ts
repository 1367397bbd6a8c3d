/** The mixer: draws a plan for a batch, places it, applies it, and mixes the labels. */
import * as check from '../check';
import { labels as checkLabels } from '../check-batch';
import type { DeviceBatch } from '../device/batch';
import { backendFor, checkBackend, chooseThreads, levelOf } from '../native/backends';
import type { NativeFormat, NativeDestination } from '../native/binding';
import { Resident } from '../native/resident';
import type { BatchInput } from '../native/batch-input';
import { abortSignal, later, type OptionsOf, parse, type Parsed, whole } from '../option';
import type {
  ArrayOfDtype,
  Dtype,
  ImageBatch,
  Labels,
  MaskBatch,
  OutputFormat,
  Pixels,
  Slots,
} from '../types';
import { DrawAhead } from './ahead';
import { mixColoured } from './coloured';
import { checkColours } from './colours';
import { type Choice, type DrawnBatch, drawBatch } from './draw';
import { givenMaps } from './given-maps';
import { mixInputOf } from './input';
import { mixingWork, usesPartner } from './index';
import { masksFor } from './label-rule';
import { findMasks, maskDrawOf, mixByMasks } from './masked';
import { mixLabels, newLabels } from './labels';
import { Mixed, type MixedBatch } from './mixed';
import { type MixerOptions, type MixerSettings, type MixOptions, parseMixer } from './options';
import { outputTo, resolveOutput } from './output';
import { callMix, type NativeContext, placeBatch, placeSamples } from './place';
import { type MixPlan, PLAN_VERSION } from './plan';
import { decodeSamples, type Placed } from './records';
import { ThreadUse } from './thread-use';
import { emitWarning, firstOnly, type Warn } from '../warning';

const MAX_UINT32 = 0xffffffff;

const planOptions = {
  /** Counts passes over the data; 0 unless given. */
  epoch: whole(0, { max: MAX_UINT32, default: 0 }),
  /** Position of the batch in its epoch; unless given, the mixer counts its calls. */
  batch: whole(0, { max: MAX_UINT32 }),
  /**
   * For batches with missing images: the slot of each image that is there (ascending), and how many slots the
   * whole batch has. Random draws belong to slots, so a missing image changes nothing for the others. Where it
   * was drawn as a source, the image of the next filled slot takes its place, cyclically.
   */
  slots: later<Slots>(),
  /**
   * With `labelRule: 'mask'`: which pixels show the object of each image, one byte or int32 per pixel, 0 where they do not.
   */
  masks: later<MaskBatch>(),
  /**
   * Saliency maps of the images, n × height × width, row-major, in place of those that the mixer would find. Do not change them
   * until the promise settles.
   */
  maps: later<Float32Array>(),
  signal: abortSignal(),
};

const mixOptions = {
  ...planOptions,
  output: later<OutputFormat>(),
  into: later<unknown>(),
  colours: later<Float64Array>(),
};

/** The address of a batch, which its random numbers depend on, and a signal that stops the call. */
export type PlanOptions = OptionsOf<typeof planOptions>;

export interface CallOptions<D extends Dtype = Dtype, Into = ArrayOfDtype[D]> extends PlanOptions {
  output?: OutputFormat<D>;
  /**
   * How the colours of each image are changed before it is mixed, for outputs of floats: 6 numbers for each image, the shares of
   * brightness, contrast and saturation, and what is added to red, green and blue of [0, 1] then. By each share the colours v
   * become v + share · (other − v), where other is 0, the mean of the image's grey, or each pixel's grey. Nothing is clamped, and
   * blending does not round to bytes. Saliency is that of the images as they are.
   */
  colours?: Float64Array;
  /**
   * Memory for the mixed images, which is overwritten: a typed array of the result's type, as long as the
   * result or longer, that does not overlap the input. New memory unless given. For device batches: another one
   * on the same backend, with the result's dtype and number of bytes; the result shares its memory (freeing one
   * frees both).
   */
  into?: Into;
}

/** Those of a call on a device batch. */
export type DeviceCallOptions<D extends Dtype = Dtype> = CallOptions<D, DeviceBatch>;

/** A dtype is given; without this it may be, or else it is uint8. */
interface WithDtype<D extends Dtype> {
  output: { dtype: D };
}

export interface Mixer {
  /**
   * The plan for a batch (uint8 NHWC, 1 or 3 channels), without mixing it: `applyPlan` does that. The same
   * seed, epoch and batch give the same plan for the same images, on any backend, whatever was called before.
   * @throws (rejects) SaliencyMixError ARGUMENT, BACKEND, ADDON, MODEL
   */
  plan(batch: ImageBatch | DeviceBatch, options?: PlanOptions): Promise<MixPlan>;
  /**
   * Mixes a batch (uint8 NHWC, 1 or 3 channels) and its labels. The inputs are not changed; do not change them
   * until the promise settles. Where `output.dtype` is written out, the result's pixels are of its array type;
   * where it is not given, of uint8's.
   * @param labels Int32Array of n class numbers (the mixer then needs `classes`), or Float32Array n × classes
   * @throws (rejects) SaliencyMixError ARGUMENT, BACKEND, ADDON, MODEL; the signal's reason when aborted
   */
  mix<D extends Dtype>(
    batch: ImageBatch,
    labels: Labels,
    options: CallOptions<D> & WithDtype<D>,
  ): Promise<MixedBatch<Pixels<D>>>;
  mix<D extends Dtype = 'uint8'>(
    batch: ImageBatch,
    labels: Labels,
    options?: CallOptions<D>,
  ): Promise<MixedBatch<Pixels<D | 'uint8'>>>;
  /**
   * The same for a device batch (uint8 NHWC). The mixed images stay in the memory of its backend.
   * @throws (rejects) as above; BACKEND also where the mixer has another backend by name
   */
  mix<D extends Dtype>(
    batch: DeviceBatch,
    labels: Labels,
    options: DeviceCallOptions<D> & WithDtype<D>,
  ): Promise<MixedBatch<DeviceBatch<D>>>;
  mix<D extends Dtype = 'uint8'>(
    batch: DeviceBatch,
    labels: Labels,
    options?: DeviceCallOptions<D>,
  ): Promise<MixedBatch<DeviceBatch<D | 'uint8'>>>;
}

/** What a mixer is made of: one choice, or several with weights. */
export interface MixerParts {
  choices: readonly Choice[];
  settings: MixerSettings;
  per: 'sample' | 'batch';
  /** Told where the first batch has one image: then all of them may have. */
  warn?: Warn;
}

/** For mixers that programs make. A job knows the size of all its batches, and warns itself. */
export const warnOnce = firstOnly(emitWarning);

const slotOptions = { of: later<unknown>(), count: later<unknown>() };

function checkSlots(value: unknown, images: number): Slots | undefined {
  if (value === undefined) return undefined;
  const { of, count } = parse(slotOptions, value, 'slots');
  const size = check.integer(count, 'slots.count', images, MAX_UINT32);
  const ascending = (slot: unknown, i: number, all: unknown[]) =>
    Number.isInteger(slot) &&
    (slot as number) > (i === 0 ? -1 : (all[i - 1] as number)) &&
    (slot as number) < size;
  if (!Array.isArray(of) || of.length !== images || !of.every(ascending)) {
    throw check.invalid('slots.of', `${images} ascending slots below ${size}`, of);
  }
  // No slot is empty: the same as without slots.
  return of.length === size ? undefined : { of: of as number[], count: size };
}

/**
 * A mixer from checked parts. Calls may overlap: each is drawn before its first wait, so they are counted in
 * order.
 */
export function mixerOf({ choices, settings, per, warn }: MixerParts): Mixer {
  let calls = 0;
  const optionsOf = choices.map(({ options }) => options);
  const pairing = optionsOf.find(usesPartner);
  let isFirst = warn !== undefined && pairing !== undefined;
  const { saliency, needs } = mixingWork(0, optionsOf);
  // A backend asked for by name must be available now. 'auto' is chosen in each call, by the size of its batch.
  if (settings.backend !== undefined && settings.backend !== 'auto') checkBackend(settings.backend, needs);
  const threads = chooseThreads(settings.threads);
  const draws = new DrawAhead((shape, address) => drawBatch(choices, per, shape, address));
  const threadUse = new ThreadUse(choices, threads);
  const rules = optionsOf.map(({ labelRule }) => labelRule);

  /** Warns where the first batch has one image. The last batch of an epoch may have one, too: that is usual. */
  function warnOfOne(images: number): void {
    if (isFirst && images === 1)
      warn?.(
        `A batch of one image has no second one for "${pairing?.method}": it is mixed with itself, which changes no label; pass batches of 2 images or more`,
      );
    isFirst = false;
  }

  /** Checks what depends on the batch, and chooses its backend. */
  function contextOf(input: BatchInput, given: Parsed<typeof planOptions>, dtype?: Dtype) {
    const [count, height, width] = input.shape;
    const slots = checkSlots(given.slots, count);
    warnOfOne(slots?.count ?? count);
    const pixels = count * height * width;
    const work = { pixels, saliency, needs: dtype === undefined ? needs : [...needs, dtype] };
    const backend = backendFor(settings.backend, input, work);
    const masks = masksFor(rules, given.masks, input.shape);
    const mapsFor = givenMaps(optionsOf, given.maps, input.shape);
    const context: NativeContext = { input, backend, threads, masks, mapsFor, signal: given.signal };
    return { context, slots };
  }

  function draw(
    { input: { shape } }: NativeContext,
    slots: Slots | undefined,
    { epoch, batch }: Parsed<typeof planOptions>,
  ) {
    const [count, height, width] = shape;
    const number = batch ?? check.integer(calls, 'batch', 0, MAX_UINT32);
    if (batch === undefined) calls++;
    const address = { seed: settings.seed, epoch, batch: number };
    const drawn = draws.take({ count, height, width, slots }, address);
    const methodOf = (sample: number) => optionsOf[drawn.choiceOf?.[sample] ?? 0].method;
    const makePlan = (placed: Placed): MixPlan => ({
      version: PLAN_VERSION,
      height,
      width,
      count,
      samples: decodeSamples(drawn.records, methodOf, placed),
    });
    return { drawn, makePlan };
  }

  async function mix(
    batch: ImageBatch | DeviceBatch,
    labels: Labels,
    options?: CallOptions<Dtype, unknown>,
  ): Promise<MixedBatch<Pixels | DeviceBatch>> {
    const given = parse(mixOptions, options, 'mix options');
    const { input, allocateResult } = mixInputOf(batch);
    const [count, , , channels] = input.shape;
    const classes = checkLabels(labels, count, settings.classes);
    const output = resolveOutput(given.output, channels);
    const colours = checkColours(given.colours, input.shape, output.dtype);
    const { context, slots } = contextOf(input, given, output.dtype);
    // A card's calls are other threads' work.
    const here =
      context.backend === 'cpu' && given.maps === undefined && !colours && threadUse.mixesHere(input);
    context.here = here;
    const { images, native, resident } = allocateResult(output, count, given.into);
    if (context.backend === 'cpu') threadUse.prewakeToMix(input, here);
    const { drawn, makePlan } = draw(context, slots, given);
    const mixing = Resident.holding([input.resident, resident], () =>
      placeAndMix(drawn, optionsOf, context, { colours, output: outputTo(output.native, native) }),
    );
    // This runs while native code mixes, unless it has mixed here. If anything fails, the promise still settles only after
    // native code has ended: until then it uses the images.
    const cleared = newLabels(count, classes);
    if (!here) draws.drawNext();
    await Promise.allSettled([cleared, mixing]);
    const { weights, masks: mixedBy } = await mixing; // not the images, which the plan does not need
    const soft = await cleared;
    const { backend } = context;
    mixLabels({ records: drawn.records, weights }, labels, classes, soft);
    const fields = {
      images,
      labels: soft,
      shape: [count, classes] as const,
      backend,
      level: levelOf(backend),
    };
    return new Mixed(fields, () => makePlan({ weights, masks: mixedBy }));
  }

  return {
    async plan(batch, options) {
      const given = parse(planOptions, options, 'plan options');
      const { input } = mixInputOf(batch);
      const { context, slots } = contextOf(input, given);
      threadUse.prewakeToPlace();
      const { drawn, makePlan } = draw(context, slots, given);
      return makePlan(await Resident.holding([input.resident], () => place(drawn, optionsOf, context)));
    },
    // The result is where the batch is, in this process or on a backend. The type of `mix` above cannot express
    // that.
    mix: mix as Mixer['mix'],
  };
}

/** The choices that the samples of a batch were drawn with. */
const choicesOf = ({ choiceOf }: DrawnBatch) => (choiceOf === undefined ? [0] : [...new Set(choiceOf)]);

/** Places the boxes of a batch, or finds its masks. */
async function place(
  drawn: DrawnBatch,
  optionsOf: readonly MixOptions[],
  context: NativeContext,
): Promise<Placed> {
  const options = optionsOf[choicesOf(drawn)[0]];
  const masked = maskDrawOf(options);
  if (masked) return findMasks(drawn, options, masked, context);
  return { weights: await placeBatch(drawn, optionsOf, context) };
}

/** Places and mixes: one native call where all samples were drawn with the same options, and have boxes. */
async function placeAndMix(
  drawn: DrawnBatch,
  optionsOf: readonly MixOptions[],
  context: NativeContext,
  { colours, output }: { colours?: Float64Array; output: NativeFormat & NativeDestination },
): Promise<Placed> {
  const { records } = drawn;
  if (colours) {
    const placed = await place(drawn, optionsOf, context);
    await mixColoured(context, records, placed, colours, output);
    return placed;
  }
  const [choice, ...others] = choicesOf(drawn);
  if (others.length === 0 && maskDrawOf(optionsOf[choice]) === undefined)
    return { weights: await placeSamples(records, optionsOf[choice], context, output) };
  const placed = await place(drawn, optionsOf, context);
  const { images, masks } = placed;
  if (images && masks) await mixByMasks(context, images, records, masks, output);
  else await callMix(context, records, { output });
  return placed;
}

/** A mixer from parsed options. */
export const mixerFor = (options: MixOptions, warn?: Warn): Mixer =>
  mixerOf({ choices: [{ options, weight: 1 }], settings: options, per: options.per, warn });

/**
 * A mixer for one method. See the options table for every option, its range and its default.
 * @throws SaliencyMixError ARGUMENT for an unknown option, a misspelled name or a value out of range; BACKEND for a
 *   backend that is not there
 */
export const createMixer = (options?: MixerOptions): Mixer => mixerFor(parseMixer(options), warnOnce);
