import { Purpose } from '../rng';
import type { Anchor, DrawContext, MixMethod } from './method';
import { schemes } from './schemes';

function anchor(kind: 'peak' | 'low' | 'corresponding', purpose: Purpose, context: DrawContext): Anchor {
  if (kind === 'corresponding') return { kind };
  return context.options.ties === 'random' ? { kind, u: context.stream(purpose).uniform() } : { kind };
}

export const saliencymix: MixMethod = {
  name: 'saliencymix',
  summary: 'a patch around the most salient pixel of the source is pasted into the target',
  reference: 'Uddin et al., SaliencyMix, ICLR 2021, sections 3.1, 3.2 and 3.4',
  hasSource: true,
  asksSaliency: true,
  draw(context) {
    const { from, to } = schemes[context.options.scheme];
    return {
      kind: 'paste',
      from: anchor(from, Purpose.tieOfSource, context),
      to: anchor(to, Purpose.tieOfTarget, context),
    };
  },
};
