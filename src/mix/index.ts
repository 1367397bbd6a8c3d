/** The registry of mixing methods. A new one: its file in this folder, and one line here. */
import type { Work } from '../native/backends';
import { isNative } from '../saliency/made-maps';
import { cutmix } from './cutmix';
import { cutout } from './cutout';
import { guidedmixup } from './guidedmixup';
import type { LabelRule } from './label-rule';
import type { DrawOptions, MixMethod } from './method';
import { mixup } from './mixup';
import { none } from './none';
import { puzzlemix } from './puzzlemix';
import { resizemix } from './resizemix';
import { saliencymix } from './saliencymix';

export const mixMethods = {
  saliencymix,
  cutmix,
  mixup,
  resizemix,
  puzzlemix,
  guidedmixup,
  cutout,
  none,
} as const satisfies Record<string, MixMethod>;

export type MixMethodName = keyof typeof mixMethods;
export const mixMethodNames = Object.keys(mixMethods) as MixMethodName[];

interface WorkOptions extends DrawOptions {
  method: MixMethodName;
  saliency: string;
  probability: number;
  labelRule?: LabelRule;
}

/** Whether a mixer with these options mixes an image with another one. */
export const usesPartner = ({ method, probability }: Pick<WorkOptions, 'method' | 'probability'>): boolean =>
  mixMethods[method].hasSource && probability > 0;

type SaliencyOptions = Omit<WorkOptions, keyof DrawOptions>;

/** Whether a mixer with these options looks for what is salient: for its boxes, or for its labels. */
export function usesSaliency({ method, probability, labelRule }: SaliencyOptions): boolean {
  const { needsSaliency, hasSource } = mixMethods[method];
  return (needsSaliency || (hasSource && labelRule === 'saliency')) && probability > 0;
}

/** Whether it must be given maps with each batch. */
export function needsMaps(options: SaliencyOptions): boolean {
  const { method, probability, saliency } = options;
  const takes = usesSaliency(options) || (mixMethods[method].takesGradient === true && probability > 0);
  return takes && saliency === 'gradient';
}

/** Whether a mixer with these options must be told where objects are. */
export const needsMasks = ({ labelRule }: { labelRule?: LabelRule }): boolean => labelRule === 'mask';

/** Whether it does so with a model. */
export const usesModel = (options: SaliencyOptions): boolean =>
  usesSaliency(options) && options.saliency === 'learned';

/** Whether it does so with a native method. */
export const usesNativeSaliency = (options: SaliencyOptions): boolean =>
  usesSaliency(options) && isNative(options.saliency);

/**
 * What the choice of a backend depends on, for a batch of so many pixels whose samples are drawn with any of
 * `optionsOf`.
 */
export function mixingWork(pixels: number, optionsOf: readonly WorkOptions[]): Work {
  const needs = optionsOf.flatMap((options) => {
    const { kind } = mixMethods[options.method].drawFor(options);
    // Masks mix on the processor, whatever the backend.
    const kinds = kind === 'masked' ? ['keep'] : [kind, 'keep'];
    return usesNativeSaliency(options) ? [options.saliency, ...kinds] : kinds;
  });
  return { pixels, saliency: optionsOf.some(usesNativeSaliency), needs: [...new Set(needs)] };
}
