import { Purpose } from '../rng';
import type { Anchor, DrawContext, MixMethod } from './method';

/** A pixel drawn uniformly from the image: where CutMix centres its box (Yun et al., eq. 2). */
export function uniformPlace({ stream, height, width }: DrawContext): Anchor {
  const place = stream(Purpose.place);
  return { kind: 'given', at: [place.below(height), place.below(width)] };
}

export const cutmix: MixMethod = {
  name: 'cutmix',
  summary: 'a patch at a uniform place of the source is pasted into the target',
  reference: 'Yun et al., CutMix, ICCV 2019',
  hasSource: true,
  asksSaliency: false,
  draw: (context) => ({ kind: 'paste', from: uniformPlace(context) }),
};
