import { placeBox } from '../../src';
import { compareWithGolden, goldenBatch, goldenMethods, goldenSets } from '../golden';

describe.each(goldenSets)('golden set $name', (set) => {
  test('is there', () => expect(set.images.length).toBeGreaterThan(50));

  test('sizes', async () => {
    for (const image of set.images)
      expect((await goldenBatch(set, image)).shape).toEqual([1, image.height, image.width, 3]);
  });

  test.each(goldenMethods)('$method: maps within $tolerance, peaks and lows', async (method) => {
    const { wrong, decided } = await compareWithGolden(set, method);
    expect(wrong).toEqual([]);
    expect(decided).toBeGreaterThan(set.images.length / 2);
  });

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
