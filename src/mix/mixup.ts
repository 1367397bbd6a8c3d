import type { MixMethod } from './method';

export const mixup: MixMethod = {
  name: 'mixup',
  summary: 'every pixel is lambda of the target and 1 − lambda of the source',
  reference: 'Zhang et al., mixup, ICLR 2018',
  hasSource: true,
  needsSaliency: false,
  drawFor: () => ({ kind: 'blend' }),
};
