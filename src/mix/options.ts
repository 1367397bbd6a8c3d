/** The options of a mixer: one table that the checks, the command line and the README's table are made from. */
import * as check from '../check';
import { named, type Option, real, text, whole } from '../option';
import { type SaliencyMethod, saliencyMethods } from '../saliency/methods';
import { type MixMethodName, mixMethodNames } from './index';
import type { DrawOptions } from './method';
import { type Scheme, schemeNames } from './schemes';

export interface MixerOptions {
  method?: MixMethodName;
  saliency?: SaliencyMethod;
  saliencyModel?: string;
  scheme?: Scheme;
  alpha?: number;
  probability?: number;
  box?: 'shift' | 'clip';
  per?: 'sample' | 'batch';
  ties?: 'first' | 'random';
  fill?: number;
  seed?: number;
  classes?: number;
  backend?: string;
  threads?: number;
  preset?: 'paper' | 'released';
}

/** How one sample is drawn; every value present. Options that the method does not use are checked and ignored. */
export interface MixOptions extends DrawOptions {
  method: MixMethodName;
  saliency: SaliencyMethod;
  saliencyModel?: string;
  alpha: number;
  probability: number;
  box: 'shift' | 'clip';
  per: 'sample' | 'batch';
  fill: number;
}

/** What concerns a mixer as a whole, whatever it draws. */
export interface MixerSettings {
  seed: number;
  classes?: number;
  backend?: string;
  threads?: number;
}

export const optionTable: { [K in keyof Required<MixerOptions>]: Option<NonNullable<MixerOptions[K]>> } = {
  method: named(mixMethodNames, 'the mixing method', 'saliencymix'),
  saliency: named(saliencyMethods, 'how saliency is found (saliencymix only)', 'fine-grained'),
  saliencyModel: text('path', 'the ONNX model of `saliency: learned`: 1×3×S×S in, one S×S map out'),
  scheme: named(
    schemeNames,
    'which pixel anchors the patch in the source, and which in the target (paper, 3.4)',
    'salient-to-corresponding',
  ),
  alpha: real('number > 0', [0, Number.MAX_VALUE, 'open'], 'λ ~ Beta(α, α); 1 is the paper’s uniform λ', 1),
  probability: real('0 … 1', [0, 1], 'chance that a sample is mixed at all', 1),
  box: named(
    ['shift', 'clip'],
    'a patch over the border is moved inside with its size kept (the paper’s text), or cut off (the released code)',
    'shift',
  ),
  per: named(
    ['sample', 'batch'],
    'every sample has its own λ and box, or the whole batch one of each, from its first pair',
    'sample',
  ),
  ties: named(
    ['first', 'random'],
    'which of equally salient pixels: first in row-major order, or seeded',
    'first',
  ),
  fill: whole(0, 'value of erased pixels (cutout only)', 0, 255),
  seed: whole(0, 'of every random choice; same seed, same bytes', 0),
  classes: {
    ...whole(1, 'length of a soft label; needed when labels are class numbers'),
    check: (value, argument) => check.integer(value, argument, 1, 0x7fffffff),
  },
  backend: text(
    '`auto`, or a name that `backends()` lists',
    'where native code runs, never another one instead; `auto` is the CPU, or for saliency of large batches the first there is',
    'auto',
  ),
  threads: {
    ...whole(1, 'threads of one native call; all processors unless given'),
    check: (value, argument) => check.integer(value, argument, 1, 1024),
  },
  preset: named(
    ['paper', 'released'],
    '`paper` are the defaults; `released` draws as the authors’ code does: per batch, clip, probability 0.5',
    'paper',
  ),
};

/** What a preset changes. Saliency is on uint8 pixels in both: the released code's float-byte fault is not copied. */
const presets: Record<'paper' | 'released', MixerOptions> = {
  paper: {},
  released: { per: 'batch', box: 'clip', probability: 0.5 },
};

/** Checks every given option, and completes it from the preset and the defaults; explicit options win. */
export function resolveOptions(given: unknown, argument = 'mixer options'): MixOptions & MixerSettings {
  const names = Object.keys(optionTable) as (keyof MixerOptions)[];
  const values = check.options(given, names, argument);
  const checked: Record<string, unknown> = {};
  for (const name of names) {
    if (values[name] !== undefined) checked[name] = optionTable[name].check(values[name], name);
  }
  const preset = presets[(checked.preset as 'paper' | 'released' | undefined) ?? 'paper'];
  const defaults = Object.fromEntries(names.map((name) => [name, optionTable[name].default]));
  const { preset: _, ...resolved } = { ...defaults, ...preset, ...checked };
  const result = resolved as unknown as MixOptions & MixerSettings;
  if (
    result.method === 'saliencymix' &&
    result.saliency === 'learned' &&
    result.saliencyModel === undefined
  ) {
    throw check.invalid('saliencyModel', 'the path of an ONNX model (saliency is "learned")', undefined);
  }
  return result;
}
