/** The share of a data set that training holds out. */
import { heldOut, othersThan, partOf, placeOfId } from '../../src/data/holdout';
import { datasetOf } from '../../src/data/dataset';
import { gray, sourceOf } from './fixtures';

const itemsOf = (...counts: number[]) =>
  counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, i) => ({ id: `c${label}/${i}.png`, label })),
  );
const idsOf = (items: { id: string }[], share: number) =>
  heldOut(items as never, share).map((at) => items[at].id);

test('about the share of every class, by the id alone', () => {
  const items = itemsOf(2000, 1000);
  const held = idsOf(items, 0.1);
  expect(held).toEqual(items.filter(({ id }) => placeOfId(id) < 0.1).map(({ id }) => id));
  for (const [label, count] of [2000, 1000].entries()) {
    const own = held.filter((id) => id.startsWith(`c${label}/`)).length;
    expect(Math.abs(own / count - 0.1)).toBeLessThan(0.03); // 3 standard deviations of the smaller class
  }
});

test('files that are added do not move the others', () => {
  const before = new Set(idsOf(itemsOf(200, 300), 0.1));
  const after = idsOf(itemsOf(400, 350), 0.1);
  const old = new Set(itemsOf(200, 300).map(({ id }) => id));
  expect(after.filter((id) => old.has(id)).toSorted()).toEqual([...before].toSorted());
});

test('each class with two images keeps one and gives one; a single image is trained on', () => {
  for (const share of [0.0001, 0.1, 0.9]) {
    for (const [label, count] of [1, 2, 3].entries()) {
      const held = idsOf(itemsOf(1, 2, 3), share).filter((id) => id.startsWith(`c${label}/`)).length;
      expect(held).toBeGreaterThanOrEqual(count > 1 ? 1 : 0);
      expect(held).toBeLessThanOrEqual(count - 1);
    }
  }
});

test('a part reads the images of its items', async () => {
  const whole = datasetOf(
    'p',
    sourceOf(5, async (index) => gray(index)),
  );
  const part = partOf(whole, othersThan([0, 3], 5));
  expect(part.items.map(({ id }) => id)).toEqual(['item-1', 'item-2', 'item-4']);
  expect(part.classes).toEqual(whole.classes);
  for await (const { images, labels } of part.batches({ size: [4, 4], shuffle: false })) {
    expect([0, 1, 2].map((i) => images.data[i * 48])).toEqual([1, 2, 4]);
    expect([...labels]).toEqual([1, 2, 1]);
  }
});
