/**
 * The options of a mixer. Their type, checks, command line and documentation are all made from this one table.
 */
import * as check from '../check';
import { threadsOption } from '../native/backends';
import {
  type Checked,
  checked,
  completed,
  custom,
  named,
  type OptionsOf,
  type Parsed,
  real,
  text,
  whole,
  wholeOr,
} from '../option';
import { meanOption, stdOption } from '../pixel-statistics';
import { mixSaliencies } from '../saliency/methods';
import { mixMethodNames, mixMethods, usesModel } from './index';
import { labelRules } from './label-rule';
import { schemeNames } from './schemes';

export const mixerOptions = {
  method: named(mixMethodNames, { default: 'saliencymix', about: 'the mixing method' }),
  saliency: named(mixSaliencies, {
    default: 'fine-grained',
    about:
      'how saliency is found (saliencymix, puzzlemix); `gradient`: by the network that is trained, whose maps are given with each batch (`Trainer.saliency`), which is puzzlemix’s way in training, and guidedmixup’s (AP) in place of its own spectral residual',
  }),
  saliencyModel: text('path', {
    about: 'the ONNX model of `saliency: learned`: 1×3×S×S in, one S×S map out',
  }),
  scheme: named(schemeNames, {
    default: 'salient-to-corresponding',
    about: 'which pixel anchors the patch in the source, and which in the target (paper, 3.4)',
  }),
  // Beyond these the draws would leave float64, and every λ is 0, 1/2 or 1 long before.
  alpha: real('1e-6 … 1e6', [1e-6, 1e6], {
    default: 1,
    about:
      'λ ~ Beta(α, α); 1 is the paper’s uniform λ. Not of guidedmixup, whose shares follow saliency, resizemix, and cutout with a `length`',
  }),
  probability: real('0 … 1', [0, 1], { default: 1, about: 'chance that a sample is mixed at all' }),
  box: named(['shift', 'clip'], {
    default: 'shift',
    about:
      'a patch over the border is moved inside with its size kept (the paper’s text), or cut off (the released code)',
  }),
  per: named(['sample', 'batch'], {
    default: 'sample',
    about: 'every sample has its own λ and box, or the whole batch one of each, from its first pair',
  }),
  ties: named(['first', 'random'], {
    default: 'first',
    about: 'which of equally salient pixels: first in row-major order, or seeded',
  }),
  length: wholeOr(['lambda'], 1, {
    max: 0x7fffffff,
    values: 'whole number ≥ 1, `lambda`',
    default: 'lambda',
    about:
      'side of cutout’s square, cut off at the border (published: 16 for CIFAR-10, 8 for CIFAR-100, 20 for SVHN); `lambda` is CutMix’s box',
  }),
  fill: wholeOr(['mean'], 0, {
    max: 255,
    default: 0,
    about:
      'value of erased pixels (cutout only); `mean` is exactly 0 once the output’s mean is subtracted, else the byte nearest to `mean`',
  }),
  mean: meanOption(
    'of pixels, per channel, of [0, 1], for `fill: mean` and `saliency: float-bytes`; CIFAR’s unless given, in training the run’s',
  ),
  std: stdOption('the same for `saliency: float-bytes`'),
  labelRule: named(labelRules, {
    default: 'area',
    about:
      'what labels follow: the share of pixels; or, of what is salient in each image or of its object’s mask, the shares that are seen',
  }),
  seed: whole(0, { default: 0, about: 'of every random choice; same seed, same bytes' }),
  classes: whole(1, {
    max: 0x7fffffff,
    values: 'whole number ≥ 1',
    about: 'length of a soft label; needed when labels are class numbers',
  }),
  backend: text('`auto`, or a name that `backends()` lists', {
    default: 'auto',
    about:
      'where native code runs, never another one instead; `auto` is the CPU, or for saliency of large batches the first there is',
  }),
  threads: threadsOption('threads of one native call; all processors unless given'),
  preset: named(['paper', 'released', 'released-exact'], {
    default: 'paper',
    about:
      '`paper` are the defaults; `released` draws as the authors’ code does: per batch, clip, probability 0.5; `released-exact` also finds its saliency as that code does (float-bytes)',
  }),
};

export type MixerOptions = OptionsOf<typeof mixerOptions>;

/** The options that were given, checked. */
export type CheckedMixerOptions = Checked<typeof mixerOptions>;

/** All options, with defaults. Those that the method does not heed are checked all the same (without-effect.ts tells which). */
export type MixOptions = Omit<Parsed<typeof mixerOptions>, 'preset'>;

/** The options of a mixer that do not depend on which choice a sample is drawn with. */
export type MixerSettings = Pick<MixOptions, 'seed' | 'classes' | 'backend' | 'threads'>;

const released = { per: 'batch', box: 'clip', probability: 0.5 } as const;

/**
 * The options that a preset changes. The authors' released code passes normalised float32 pixels to OpenCV, which reads their
 * bytes as pixels. Only `released-exact` repeats that; `released` finds saliency on uint8 pixels, as the paper says.
 */
const presets: Record<NonNullable<CheckedMixerOptions['preset']>, CheckedMixerOptions> = {
  paper: {},
  released,
  'released-exact': { ...released, saliency: 'float-bytes' },
};

/**
 * Adds to the options that were given those of the preset, then the defaults.
 * @param usual what goes before the defaults, but after a preset
 */
export function completeMixer(given: CheckedMixerOptions, usual: CheckedMixerOptions = {}): MixOptions {
  const below = { ...usual, ...presets[given.preset ?? 'paper'] };
  const { preset: _, ...result } = completed(mixerOptions, given, below);
  const { method, labelRule } = result;
  if (labelRule !== 'area' && mixMethods[method].drawFor(result).kind === 'masked')
    throw check.invalid('labelRule', `"area" (the labels of "${method}" follow its masks)`, labelRule);
  if (usesModel({ ...result, probability: 1 }) && result.saliencyModel === undefined)
    throw check.invalid('saliencyModel', 'the path of an ONNX model (saliency is "learned")', undefined);
  return Object.freeze(result);
}

/** The options of a mixer in training: a method may have another saliency there, unless one is asked for. */
export function trainingMixer(given: CheckedMixerOptions, usual: CheckedMixerOptions = {}): MixOptions {
  const { saliencyInTraining } = mixMethods[given.method ?? usual.method ?? 'saliencymix'];
  return completeMixer(given, { ...usual, saliency: saliencyInTraining });
}

/** @throws SaliencyMixError ARGUMENT for images whose sides a method cannot take */
export function checkSides(
  { method }: Pick<MixOptions, 'method'>,
  [height, width]: readonly [number, number],
): void {
  const { sidesOf = 1 } = mixMethods[method];
  if (height % sidesOf === 0 && width % sidesOf === 0) return;
  throw check.invalid(
    'size',
    `sides that are multiples of ${sidesOf} for "${method}"`,
    `${height} × ${width}`,
  );
}

/** Whether the mixer needs to know by what pixels are normalised. */
export const usesNormalisation = ({ fill, saliency }: MixOptions): boolean =>
  fill === 'mean' || saliency === 'float-bytes';

export const parseMixer = (given: unknown): MixOptions =>
  completeMixer(checked(mixerOptions, given, 'mixer options'));

/** The option `mixer` of a job: the options of its mixer. */
export const mixerOption = custom<MixOptions, MixerOptions, MixOptions>(parseMixer, {
  default: parseMixer(undefined),
});
