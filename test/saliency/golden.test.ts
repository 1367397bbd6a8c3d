import { placeBox, saliency } from '../../src';
import { goldenBatch, goldenMap, goldenMethods, goldenSets } from '../golden';

describe.each(goldenSets)('golden set $name', (set) => {
  test('is there', () => expect(set.images.length).toBeGreaterThan(50));

  test.each(goldenMethods)(
    '$method: maps within $tolerance, peaks and lows',
    async ({ key, method, tolerance }) => {
      const wrong: string[] = [];
      let decided = 0;
      for (const image of set.images) {
        const batch = await goldenBatch(set, image);
        expect(batch.shape).toEqual([1, image.height, image.width, 3]);
        const found = await saliency(batch, { method });
        const truth = goldenMap(set, image, key);
        expect(found.maps).toHaveLength(truth.length);
        const worst = truth.reduce((most, value, i) => Math.max(most, Math.abs(value - found.maps[i])), 0);
        if (!(worst <= tolerance)) wrong.push(`${image.id}: map off by ${worst}`);

        const golden = image.methods[key];
        const margin = 2 * tolerance;
        // An exact map decides ties too: the first in row-major order.
        const decides = (gap: number) => tolerance === 0 || gap > margin;
        if (decides(golden.peak_margin)) {
          decided++;
          if (String(found.peaks) !== String(golden.peak))
            wrong.push(`${image.id}: peak ${String(found.peaks)}, not ${String(golden.peak)}`);
        }
        if (decides(golden.min_margin) && String(found.lows) !== String(golden.min_pixel)) {
          wrong.push(`${image.id}: low ${String(found.lows)}, not ${String(golden.min_pixel)}`);
        }
      }
      expect(wrong).toEqual([]);
      expect(decided).toBeGreaterThan(set.images.length / 2);
    },
  );

  test('boxes around the peaks: shifted as the paper, clipped as the released code', () => {
    for (const image of set.images) {
      for (const { peak, boxes } of Object.values(image.methods)) {
        for (const golden of boxes) {
          const sides = ({ box }: ReturnType<typeof placeBox>) => [box.top, box.left, box.bottom, box.right];
          const shifted = placeBox(image.height, image.width, golden.lam, peak, 'shift');
          expect(sides(shifted)).toEqual(golden.shifted);
          expect(shifted.lambda).toBe(golden.shifted_lam);
          const clipped = placeBox(image.height, image.width, golden.lam, peak, 'clip');
          expect(sides(clipped)).toEqual(golden.official);
          expect(clipped.lambda).toBe(golden.official_lam);
        }
      }
    }
  });
});
