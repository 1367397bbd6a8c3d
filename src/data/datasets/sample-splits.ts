/** Splits of samples that have labels: folders above them (`train/0001.jpg`), or the names of their shards. */
import { dataError, splitError } from '../fail';
import { isNested, kindOfFile, topOf } from '../layout/names';
import { findSplits, foldersAbove, isSplitName, pickSplit } from '../layout/splits';
import type { Listing } from './listing';

export interface SampleSplitOptions {
  /** The data set's path, for messages. */
  readonly root: string;
  readonly split?: string;
  readonly prefer?: readonly string[];
  /** The part of an id that is a path within its shard, and the shard's name; undefined for a single archive. */
  readonly within?: (id: string) => string;
  readonly shardOf?: (id: string) => string;
  /** Where shards are in folders of splits: the split's name. */
  readonly splitOf?: (id: string) => string;
}

/**
 * The samples of one split, with the classes of all.
 * @throws SaliencyMixError DATA for a split that is not there, or has no sample with a label
 */
export function pickSamples(listing: Listing, wanted: SampleSplitOptions): Listing {
  const { root, split } = wanted;
  const named = [...listing.items.map(({ id }) => id), ...listing.problems.map(({ file }) => file)];
  const ids = named.filter((id) => ['image', 'undecoded'].includes(kindOfFile(id)));
  const places = ids.map(pathWithSplit(ids, wanted));
  const above = foldersAbove(places);
  const paths = places.map((path) => path.split('/').slice(above).join('/'));
  // Without a word of the user, folders of splits beside others are none: the labels are in files.
  const found = findSplits(paths, { root, split, classesFrom: split === undefined ? 'folder' : undefined });
  if (!found && split !== undefined)
    throw splitError(root, `is a WebDataset and has no splits, so "${split}" cannot be picked: leave it out`);
  if (!found) return listing;
  const splitOf = new Map(ids.map((id, i) => [id, isNested(paths[i]) ? topOf(paths[i]) : undefined]));
  const picked = pickSplit(found.names, wanted);
  const isOwn = (id: string) => [undefined, picked].includes(splitOf.get(id));
  const count = (name: string) => listing.items.filter(({ id }) => splitOf.get(id) === name).length;
  const beside = listing.items.filter(({ id }) => !found.names.includes(splitOf.get(id) ?? ''));
  const items = listing.items.filter(({ id }) => splitOf.get(id) === picked);
  const problems = [
    ...beside.map(({ id }) => ({ file: id, reason: 'is in no folder of a split; it is left out' })),
    ...listing.problems.filter(({ file }) => isOwn(file)),
  ];
  if (items.length === 0) {
    const said = problems.map(({ file, reason }) => `; the first: "${file}" ${reason}`)[0] ?? '';
    throw dataError(root, `has no image with a label that can be used in its split "${picked}"${said}`);
  }
  return {
    ...listing,
    items,
    problems,
    split: picked,
    splits: found.names.map((name) => ({ name, images: count(name) })),
  };
}

/** Paths below the folder of a split, if shards are in such folders, or the names of all tell theirs and they differ. */
function pathWithSplit(
  ids: readonly string[],
  { within, shardOf, splitOf }: SampleSplitOptions,
): (id: string) => string {
  if (!within || !shardOf) return (id) => id;
  if (splitOf) return (id) => `${splitOf(id)}/${within(id)}`;
  const splits = new Map([...new Set(ids.map(shardOf))].map((shard) => [shard, splitOfShard(shard)]));
  const differ = new Set(splits.values());
  if (differ.has(undefined) || differ.size < 2) return within;
  return (id) => `${splits.get(shardOf(id))}/${within(id)}`;
}

/** `imagenet-train-000017.tar` → `train`; undefined if no word of the name is that of a split, or several are. */
function splitOfShard(name: string): string | undefined {
  const words = name
    .toLowerCase()
    .replace(/\.tar$/, '')
    .split(/[^a-z]+/);
  const [split, ...more] = new Set(words.filter(isSplitName));
  return more.length > 0 ? undefined : split;
}
