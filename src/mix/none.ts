import type { MixMethod } from './method';

export const none: MixMethod = {
  name: 'none',
  summary: 'images and labels as they are',
  reference: 'the baseline',
  hasSource: false,
  needsSaliency: false,
  drawFor: () => ({ kind: 'keep' }),
};
