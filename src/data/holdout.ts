/** Holds out a share of a data set that has no splits, to test on; and the parts of a data set as data sets. */
import { createHash } from 'node:crypto';
import { type Dataset, datasetOf } from './dataset';
import type { BulkReader, DatasetSource, Item } from './source';

/** Where an id falls in 0 … 1: evenly spread, and the same for this id everywhere and always. */
export const placeOfId = (id: string): number =>
  createHash('sha256').update(id).digest().readUIntBE(0, 6) / 2 ** 48;

/**
 * Positions of the items that are held out: those whose ids fall below `share`. Of each class with two images or
 * more at least one is held out (that of the lowest place) and one is kept (that of the highest). So files that
 * are added later do not move the others, but for those by which such a class is made up.
 */
export function heldOut(items: readonly Item[], share: number): number[] {
  const places = items.map(({ id }) => placeOfId(id));
  const byClass = new Map<number, number[]>();
  for (const [position, { label }] of items.entries()) {
    const own = byClass.get(label);
    if (own) own.push(position);
    else byClass.set(label, [position]);
  }
  const held: number[] = [];
  for (const own of byClass.values()) {
    if (own.length < 2) continue;
    own.sort((a, b) => places[a] - places[b]);
    const below = own.filter((position) => places[position] < share).length;
    held.push(...own.slice(0, Math.min(Math.max(below, 1), own.length - 1)));
  }
  return held.toSorted((a, b) => a - b);
}

/** The positions of 0 … count − 1 that are not among `some`. */
export function othersThan(some: readonly number[], count: number): number[] {
  const among = new Set(some);
  return Array.from({ length: count }, (_, position) => position).filter((position) => !among.has(position));
}

/** Some items of a data set, with all of its classes. It reads through the data set, which must stay open. */
export function partOf(dataset: Dataset, positions: readonly number[]): Dataset {
  const { source } = dataset;
  const part: DatasetSource = {
    ...source,
    items: positions.map((position) => source.items[position]),
    read: (index) => source.read(positions[index]),
    bulk: source.bulk && partOfBulk(source.bulk, positions),
    mask: source.mask && ((index) => (source.mask as NonNullable<typeof source.mask>)(positions[index])),
    close: async () => undefined,
  };
  return datasetOf(dataset.path, part);
}

/** The first `count` items of each class, in the order of their ids. */
export function firstOfEach(dataset: Dataset, count: number): Dataset {
  const seen = new Map<number, number>();
  const positions = dataset.items.flatMap(({ label }, position) => {
    const before = seen.get(label) ?? 0;
    seen.set(label, before + 1);
    return before < count ? [position] : [];
  });
  return partOf(dataset, positions);
}

function partOfBulk(bulk: BulkReader, positions: readonly number[]): BulkReader {
  const { height, width } = bulk;
  return {
    height,
    width,
    read: (indices, out) =>
      bulk.read(
        Array.from(indices, (index) => positions[index]),
        out,
      ),
  };
}
