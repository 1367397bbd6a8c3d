/** The options of listImages, from those that a data set is opened with: the list of classes is read. */
import { limitsOf } from '../limits';
import { readClassList } from './class-list';
import type { Opening } from './format';
import type { ListingOptions } from './listing';

/** @throws (rejects) SaliencyMixError DATA for a list of classes that cannot be read */
export async function listingOptions(options: Opening): Promise<ListingOptions> {
  const { path: root, split, prefer, classesFrom, classPattern, allowEmptyClasses } = options;
  const classList =
    options.classList === undefined ? undefined : await readClassList(options.classList, limitsOf(options));
  return {
    root,
    split,
    prefer,
    classesFrom,
    classPattern,
    classList,
    classListPath: options.classList,
    allowEmptyClasses,
  };
}
