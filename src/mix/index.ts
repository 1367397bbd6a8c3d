/** The registry of mixing methods. A new one: its file in this folder, and one line here. */
import type { Work } from '../native/backends';
import { isNative } from '../saliency/made-maps';
import { cutmix } from './cutmix';
import { cutout } from './cutout';
import type { DrawOptions, MixMethod } from './method';
import { mixup } from './mixup';
import { none } from './none';
import { resizemix } from './resizemix';
import { saliencymix } from './saliencymix';

export const mixMethods = {
  saliencymix,
  cutmix,
  mixup,
  resizemix,
  cutout,
  none,
} as const satisfies Record<string, MixMethod>;

export type MixMethodName = keyof typeof mixMethods;
export const mixMethodNames = Object.keys(mixMethods) as MixMethodName[];

interface WorkOptions extends DrawOptions {
  method: MixMethodName;
  saliency: string;
  probability: number;
}

/** Whether a mixer with these options mixes an image with another one. */
export const usesPartner = ({ method, probability }: Pick<WorkOptions, 'method' | 'probability'>): boolean =>
  mixMethods[method].hasSource && probability > 0;

/** Whether a mixer with these options finds what is salient with a model. */
export const usesModel = ({ method, saliency, probability }: Omit<WorkOptions, keyof DrawOptions>): boolean =>
  mixMethods[method].needsSaliency && saliency === 'learned' && probability > 0;

/** Whether a mixer with these options runs a native saliency method. */
export function usesNativeSaliency(options: Omit<WorkOptions, keyof DrawOptions>): boolean {
  return mixMethods[options.method].needsSaliency && isNative(options.saliency) && options.probability > 0;
}

/**
 * What the choice of a backend depends on, for a batch of so many pixels whose samples are drawn with any of
 * `optionsOf`.
 */
export function mixingWork(pixels: number, optionsOf: readonly WorkOptions[]): Work {
  const needs = optionsOf.flatMap((options) => {
    const { kind } = mixMethods[options.method].drawFor(options);
    return usesNativeSaliency(options) ? [options.saliency, kind, 'keep'] : [kind, 'keep'];
  });
  return { pixels, saliency: optionsOf.some(usesNativeSaliency), needs: [...new Set(needs)] };
}
