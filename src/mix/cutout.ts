import { uniformPlace } from './cutmix';
import type { MixMethod } from './method';

export const cutout: MixMethod = {
  name: 'cutout',
  summary: 'a box at a uniform place of the image is filled with a value; the label stays',
  reference: 'DeVries & Taylor, Cutout, 2017; the box as CutMix takes it',
  hasSource: false,
  needsSaliency: false,
  drawFor: () => ({ kind: 'erase', from: uniformPlace }),
};
