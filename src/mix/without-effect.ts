/** Options that change nothing: a mixer takes them, but who types them expects something of them. */
import { mixMethods, usesModel, usesSaliency } from './index';
import type { MixMethod } from './method';
import { type CheckedMixerOptions, completeMixer, type MixOptions } from './options';

const isSalient = (kind?: string) => kind === 'peak' || kind === 'low';

/** For the options that not every method heeds: whether this one does. */
function heeded(options: MixOptions): Partial<Record<keyof MixOptions, boolean>> {
  const method: MixMethod = mixMethods[options.method];
  const { takesGradient, hasSource } = method;
  const draw = method.drawFor(options);
  const { kind, from, to } = draw;
  const isMasked = kind === 'masked';
  const isErased = kind === 'erase' || kind === 'cut';
  const isPlaced = from !== undefined;
  const anchored = isSalient(from?.kind) || isSalient(to?.kind);
  const always = { ...options, probability: 1 };
  return {
    saliency: usesSaliency(always) || (takesGradient === true && options.saliency === 'gradient'),
    saliencyModel: usesModel(always),
    scheme: anchored,
    ties: anchored,
    alpha: isMasked ? draw.drawsLambda : isPlaced || kind === 'blend',
    probability: kind !== 'keep',
    box: isPlaced,
    per: kind !== 'keep' && !isMasked,
    length: isErased,
    fill: isErased,
    // Blended, of each image its λ is seen wherever its object is.
    labelRule: hasSource && kind !== 'blend',
  };
}

/**
 * The names among the given options that the method does not heed.
 * @param usual what goes before the defaults, as for completeMixer
 */
export function withoutEffect(
  given: CheckedMixerOptions,
  usual: CheckedMixerOptions = {},
): { method: string; names: string[] } {
  const options = completeMixer(given, usual);
  const uses = heeded(options);
  const names = Object.keys(given).filter(
    (name) =>
      given[name as keyof CheckedMixerOptions] !== undefined && uses[name as keyof MixOptions] === false,
  );
  return { method: options.method, names };
}
