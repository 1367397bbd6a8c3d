/**
 * The demo data set, which the package draws itself: objects of ten classes on cluttered grounds, with their
 * masks.
 */
import { completed } from '../../../option';
import { Purpose, Stream } from '../../../rng';
import { drawScene, mask, paint, type Scene } from './scene';
import { shapes } from './shapes';
import { splitError } from '../../fail';
import type { Item, DatasetSource } from '../../source';
import { demoOptions, type Format, type OpenOptions } from '../format';

const classes = Object.keys(shapes);

/**
 * The splits have no image in common: each is drawn with another epoch in the addresses of its random numbers.
 */
const SPLITS = ['train', 'test'];

function settings({ demo = {}, split = 'train' }: OpenOptions) {
  if (!SPLITS.includes(split))
    throw splitError('demo', `has no split "${split}", only ${SPLITS.join(' and ')}`);
  return { ...completed(demoOptions, demo), split };
}

/** The items, ordered by class and number. The numbers of images per class differ by at most one. */
function listItems(count: number, split: string): Item[] {
  return classes.flatMap((name, label) => {
    const many = Math.floor((count + classes.length - 1 - label) / classes.length);
    return Array.from({ length: many }, (_, i) => ({
      id: `${split}/${name}/${String(i).padStart(6, '0')}`,
      label,
    }));
  });
}

export const demo: Format = {
  name: 'demo',
  summary: '"demo": ten classes of drawn objects on cluttered grounds, with known object masks',
  matches: async (path) => path === 'demo',
  async open(options): Promise<DatasetSource> {
    const { count, size, seed, split } = settings(options);
    const items = listItems(count, split);
    const scene = (index: number): Scene => {
      const at = { epoch: SPLITS.indexOf(split), batch: 0, sample: index };
      return drawScene(new Stream(seed, Purpose.drawing, at), classes[items[index].label]);
    };
    return {
      format: 'demo',
      classes,
      items,
      problems: [],
      read: async (index) => ({ pixels: paint(scene(index), size), height: size, width: size }),
      mask: async (index) => ({ pixels: mask(scene(index), size), height: size, width: size }),
      close: async () => undefined,
    };
  },
};
