import { Purpose } from '../rng';
import { uniformPlace } from './cutmix';
import type { BoxDraw, MixMethod } from './method';

/** A square around a pixel that is drawn from the whole image; what reaches over the border is cut off (section 3). */
function squareOf(length: number): BoxDraw['boxes'] {
  // An odd length gives a square of one pixel less, as in the authors' code.
  const half = Math.floor(length / 2);
  return (streamOf, height, width) => {
    const place = streamOf(Purpose.place);
    const row = place.below(height);
    const col = place.below(width);
    const to = {
      top: Math.max(0, row - half),
      left: Math.max(0, col - half),
      bottom: Math.min(height, row + half),
      right: Math.min(width, col + half),
    };
    return { from: to, to };
  };
}

export const cutout: MixMethod = {
  name: 'cutout',
  summary: 'a square of a given length, or CutMix’s box, at a uniform place is filled; the label stays',
  reference: 'DeVries & Taylor, Cutout, 2017',
  hasSource: false,
  needsSaliency: false,
  drawFor: ({ length }) =>
    length === 'lambda' ? { kind: 'erase', from: uniformPlace } : { kind: 'cut', boxes: squareOf(length) },
};
