/** The options of listImages, from those that a data set is opened with: the list of classes is read. */
import { readClassList } from './class-list';
import type { OpenOptions } from './format';
import type { ListingOptions } from './listing';

/** @throws (rejects) SaliencyMixError DATA for a list of classes that cannot be read */
export async function listingOptions(options: OpenOptions): Promise<ListingOptions> {
  const { path: root, split, classesFrom, classPattern, allowEmptyClasses } = options;
  const classList = options.classList === undefined ? undefined : await readClassList(options.classList);
  return { root, split, classesFrom, classPattern, classList, allowEmptyClasses };
}
