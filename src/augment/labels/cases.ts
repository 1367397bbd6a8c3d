/** What is compared in a report on labels: methods, schemes, saliency and label rules. */
import { mixMethodNames, mixMethods, type MixMethodName } from '../../mix/index';
import type { LabelRule } from '../../mix/label-rule';
import { type Scheme, schemeNames } from '../../mix/schemes';
import { type SaliencyMethod, saliencyMethods } from '../../saliency/methods';

/** The methods that change an image. */
export const reportedMethods = mixMethodNames.filter((name) => name !== 'none');

const PLAIN = { scheme: schemeNames[0], ties: 'first', length: 'lambda' } as const;

/** Options of a mixer. Null where a method does not depend on it. */
export interface Case {
  readonly method: MixMethodName;
  readonly scheme: Scheme | null;
  readonly saliency: SaliencyMethod | null;
  readonly rules: readonly LabelRule[];
}

/**
 * The cases of some methods. Where only labels depend on saliency, the rules that do not are a case of their own. `learned` is
 * among them where there is a model.
 */
export function casesOf(methods: readonly MixMethodName[], hasModel: boolean): Case[] {
  const all = saliencyMethods.filter((saliency) => saliency !== 'learned' || hasModel);
  return methods.flatMap((method): Case[] => {
    const { needsSaliency, hasSource } = mixMethods[method];
    // A mask says itself how much of each image is seen.
    if (mixMethods[method].drawFor(PLAIN).kind === 'masked') {
      const saliencies = needsSaliency ? all : [null];
      return saliencies.map((saliency) => ({ method, scheme: null, saliency, rules: ['area'] }));
    }
    if (needsSaliency) {
      const rules = ['area', 'saliency', 'mask'] as const;
      return schemeNames.flatMap((scheme) => all.map((saliency) => ({ method, scheme, saliency, rules })));
    }
    const byItself: Case = { method, scheme: null, saliency: null, rules: ['area', 'mask'] };
    if (!hasSource) return [byItself];
    const salient = all.map((saliency): Case => ({ method, scheme: null, saliency, rules: ['saliency'] }));
    return [byItself, ...salient];
  });
}
