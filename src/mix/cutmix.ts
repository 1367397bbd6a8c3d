import { Purpose } from '../rng';
import type { Anchor, MixMethod } from './method';

/** A pixel drawn uniformly from the image, the centre of the box in CutMix (Yun et al., eq. 2). */
export const uniformPlace: Anchor = { kind: 'given', purpose: Purpose.place };

export const cutmix: MixMethod = {
  name: 'cutmix',
  summary: 'a patch at a uniform place of the source is pasted into the target',
  reference: 'Yun et al., CutMix, ICCV 2019',
  hasSource: true,
  needsSaliency: false,
  drawFor: () => ({ kind: 'paste', from: uniformPlace }),
};
