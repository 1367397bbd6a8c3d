/** The registry of mixing methods. A new one: its file in this folder, and one line here. */
import { cutmix } from './cutmix';
import { cutout } from './cutout';
import type { MixMethod } from './method';
import { mixup } from './mixup';
import { none } from './none';
import { saliencymix } from './saliencymix';

export const mixMethods = {
  saliencymix,
  cutmix,
  mixup,
  cutout,
  none,
} as const satisfies Record<string, MixMethod>;

export type MixMethodName = keyof typeof mixMethods;
export const mixMethodNames = Object.keys(mixMethods) as MixMethodName[];

/** Whether a mixer with these options looks for what is salient with a native method. */
export function asksSaliency(options: {
  method: MixMethodName;
  saliency: string;
  probability: number;
}): boolean {
  return mixMethods[options.method].asksSaliency && options.saliency !== 'learned' && options.probability > 0;
}
