/** The files on disk that the images of a data set are read from: how to tell later whether they are the same. */
import path from 'node:path';
import type { Item, StoredFiles } from './source';

/** A file for each item, counted by class. */
export function filesOfItems(root: string, items: readonly Item[], classes: readonly string[]): StoredFiles {
  return {
    count: items.length,
    pathOf: (index) => path.join(root, items[index].id),
    nameOf: (index) => items[index].id,
    groupOf: (index) => classes[items[index].label],
  };
}

/** Files that hold many items each, counted one by one. */
export function filesOfArchives(paths: readonly string[]): StoredFiles {
  const nameOf = (index: number) => path.basename(paths[index]);
  return { count: paths.length, pathOf: (index) => paths[index], nameOf, groupOf: nameOf };
}
