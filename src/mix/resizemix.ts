import { Purpose } from '../rng';
import type { MixMethod } from './method';

/** Both sides of the source are scaled by τ ~ U(0.1, 0.8) (Qin et al., section 3.2). */
const SMALLEST = 0.1;
const LARGEST = 0.8;

export const resizemix: MixMethod = {
  name: 'resizemix',
  summary: 'the whole source, made smaller, is pasted at a uniform place of the target',
  reference: 'Qin et al., ResizeMix, 2020',
  hasSource: true,
  needsSaliency: false,
  drawFor: () => ({
    kind: 'resize',
    boxes(streamOf, height, width) {
      const scale = SMALLEST + (LARGEST - SMALLEST) * streamOf(Purpose.lambda).uniform();
      const rows = Math.max(1, Math.floor(scale * height));
      const columns = Math.max(1, Math.floor(scale * width));
      const place = streamOf(Purpose.place);
      const top = place.below(height - rows + 1);
      const left = place.below(width - columns + 1);
      return {
        from: { top: 0, left: 0, bottom: height, right: width },
        to: { top, left, bottom: top + rows, right: left + columns },
      };
    },
  }),
};
