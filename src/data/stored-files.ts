/** The files on disk that the images of a data set are read from: how to tell later whether they are the same. */
import path from 'node:path';
import { idOfBytes } from './datasets/names';
import { pathOfId } from './datasets/paths';
import type { Item, StoredFiles } from './source';

/** A file for each item, counted by class, and after them the items' masks. */
export function filesOfItems(
  root: string,
  items: readonly Item[],
  classes: readonly string[],
  masks: readonly string[] = [],
): StoredFiles {
  const nameOf = (index: number) => (index < items.length ? items[index].id : masks[index - items.length]);
  return {
    count: items.length + masks.length,
    pathOf: (index) => pathOfId(root, nameOf(index)),
    nameOf,
    groupOf: (index) => (index < items.length ? classes[items[index].label] : 'masks/'),
  };
}

/** Files that hold many items each, counted one by one. @param names in messages; those of the files unless given */
export function filesOfArchives(paths: readonly (string | Buffer)[], names?: readonly string[]): StoredFiles {
  const nameOf = (index: number) => {
    const file = paths[index];
    return names?.[index] ?? path.basename(typeof file === 'string' ? file : idOfBytes(file));
  };
  return { count: paths.length, pathOf: (index) => paths[index], nameOf, groupOf: nameOf };
}
