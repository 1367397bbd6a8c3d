import { Purpose } from '../rng';
import type { Anchor, DrawOptions, MixMethod } from './method';
import { schemes } from './schemes';

function anchor(kind: 'peak' | 'low' | 'corresponding', purpose: Purpose, { ties }: DrawOptions): Anchor {
  return kind === 'corresponding' || ties === 'first' ? { kind } : { kind, ties: purpose };
}

export const saliencymix: MixMethod = {
  name: 'saliencymix',
  summary: 'a patch around the most salient pixel of the source is pasted into the target',
  reference: 'Uddin et al., SaliencyMix, ICLR 2021, sections 3.1, 3.2 and 3.4',
  hasSource: true,
  needsSaliency: true,
  drawFor(options) {
    const { from, to } = schemes[options.scheme];
    return {
      kind: 'paste',
      from: anchor(from, Purpose.tieOfSource, options),
      to: anchor(to, Purpose.tieOfTarget, options),
    };
  },
};
