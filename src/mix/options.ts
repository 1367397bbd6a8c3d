/** The options of a mixer: one table that their type, the checks, the command line and the README's table are made from. */
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
} from '../option';
import { saliencyMethods } from '../saliency/methods';
import { mixMethodNames } from './index';
import { schemeNames } from './schemes';

export const mixerOptions = {
  method: named(mixMethodNames, { default: 'saliencymix', about: 'the mixing method' }),
  saliency: named(saliencyMethods, {
    default: 'fine-grained',
    about: 'how saliency is found (saliencymix only)',
  }),
  saliencyModel: text('path', {
    about: 'the ONNX model of `saliency: learned`: 1×3×S×S in, one S×S map out',
  }),
  scheme: named(schemeNames, {
    default: 'salient-to-corresponding',
    about: 'which pixel anchors the patch in the source, and which in the target (paper, 3.4)',
  }),
  alpha: real('number > 0', [0, Number.MAX_VALUE, 'open'], {
    default: 1,
    about: 'λ ~ Beta(α, α); 1 is the paper’s uniform λ',
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
  fill: whole(0, { max: 255, default: 0, about: 'value of erased pixels (cutout only)' }),
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
  preset: named(['paper', 'released'], {
    default: 'paper',
    about:
      '`paper` are the defaults; `released` draws as the authors’ code does: per batch, clip, probability 0.5',
  }),
};

export type MixerOptions = OptionsOf<typeof mixerOptions>;

/** The given ones, checked. */
export type CheckedMixerOptions = Checked<typeof mixerOptions>;

/** Every value present. Options that the method does not use are checked and ignored. */
export type MixOptions = Omit<Parsed<typeof mixerOptions>, 'preset'>;

/** What concerns a mixer as a whole, whatever it draws. */
export type MixerSettings = Pick<MixOptions, 'seed' | 'classes' | 'backend' | 'threads'>;

/** What a preset changes. Saliency is on uint8 pixels in both: the released code's float-byte fault is not copied. */
const presets: Record<'paper' | 'released', CheckedMixerOptions> = {
  paper: {},
  released: { per: 'batch', box: 'clip', probability: 0.5 },
};

/** Completes checked options from the preset and the defaults; explicit options win. */
export function completeMixer(given: CheckedMixerOptions): MixOptions {
  const { preset: _, ...result } = completed(mixerOptions, given, presets[given.preset ?? 'paper']);
  const { method, saliency, saliencyModel } = result;
  if (method === 'saliencymix' && saliency === 'learned' && saliencyModel === undefined)
    throw check.invalid('saliencyModel', 'the path of an ONNX model (saliency is "learned")', undefined);
  return Object.freeze(result);
}

export const parseMixer = (given: unknown): MixOptions =>
  completeMixer(checked(mixerOptions, given, 'mixer options'));

/** The options of a mixer, within those of a job. */
export const mixerOption = custom<MixOptions, MixerOptions, MixOptions>(parseMixer, {
  default: parseMixer(undefined),
});
