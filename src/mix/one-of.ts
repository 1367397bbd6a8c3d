/** A mixer that draws which of several sets of options to use. */
import * as check from '../check';
import { checked } from '../option';
import { maskDrawOf } from './masked';
import { type Mixer, mixerOf, warnOnce } from './mixer';
import { type CheckedMixerOptions, completeMixer, type MixerOptions, mixerOptions } from './options';

type Entry = readonly [options: MixerOptions, weight: number];

/** Options of the mixer as a whole: wherever they are given, they must be the same. */
const MIXER_WIDE = ['seed', 'classes', 'backend', 'threads', 'per'] as const;

function checkEntries(entries: unknown): readonly Entry[] {
  if (!Array.isArray(entries) || entries.length === 0) {
    throw check.invalid('entries', 'a list of [mixer options, weight]', entries);
  }
  entries.forEach((entry: unknown, i) => {
    if (!Array.isArray(entry) || entry.length !== 2) {
      throw check.invalid(`entries[${i}]`, '[mixer options, weight]', entry);
    }
    check.number(entry[1], `weight of entries[${i}]`, 0, Number.MAX_VALUE);
  });
  const weights = (entries as Entry[]).map(([, weight]) => weight);
  if (weights.every((weight) => weight === 0))
    throw check.invalid('weights', 'at least one above 0', weights);
  return entries as Entry[];
}

/**
 * The value of one of MIXER_WIDE, or undefined where it is not given. Throws where two are given that differ.
 */
function agreed(setting: (typeof MIXER_WIDE)[number], all: readonly CheckedMixerOptions[]): unknown {
  const given = all.map((options) => options[setting]).filter((value) => value !== undefined);
  const other = given.find((value) => value !== given[0]);
  if (other !== undefined) {
    throw check.invalid(setting, `one value for all entries (${check.describe(given[0])})`, other);
  }
  return given[0];
}

/**
 * A mixer that draws, for each sample (or batch, with `per: 'batch'`), which of several sets of options to use.
 * @param entries [mixer options, weight ≥ 0] each; weights need not add up to 1
 * @param shared options of every entry that does not give its own; `seed`, `classes`, `backend`, `threads` and
 *   `per` concern the mixer as a whole, and must agree wherever they are given
 * @throws SaliencyMixError ARGUMENT; BACKEND for a backend that is not there
 */
export function oneOf(entries: readonly Entry[], shared: MixerOptions = {}): Mixer {
  const weighted = checkEntries(entries);
  const common = checked(mixerOptions, shared, 'shared options');
  const own = weighted.map(([options], i) => checked(mixerOptions, options, `entries[${i}]`));
  const mixerWide = Object.fromEntries(
    MIXER_WIDE.map((setting) => [setting, agreed(setting, [common, ...own])]),
  );
  const choices = own.map((options, i) => ({
    options: completeMixer({ ...common, ...options, ...mixerWide }),
    weight: weighted[i][1],
  }));
  const [{ options: settings }] = choices;
  const drawn = choices.filter(({ weight }) => weight > 0);
  const whole = drawn.find(({ options }) => maskDrawOf(options));
  if (whole && drawn.length > 1 && settings.per === 'sample')
    throw check.invalid('per', `"batch" ("${whole.options.method}" mixes whole batches)`, 'sample');
  return mixerOf({ choices, settings, per: settings.per, warn: warnOnce });
}
