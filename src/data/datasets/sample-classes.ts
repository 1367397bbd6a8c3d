/** Makes classes and items from the labels of samples. */
import { dataError } from '../fail';
import type { Item, Problem } from '../source';
import { type Label, numberIn, shown } from './label-values';
import { type Listing, sortedByBytes } from './listing';

export interface LabelledImage {
  readonly id: string;
  readonly label: Label;
  /** The file that has the label. */
  readonly file: string;
}

/**
 * If labels are numbers or weights, the classes are '0' … the greatest number; or names, if every number that occurs has a
 * name of its own. If labels are names, the classes are the names, ordered by bytes.
 * @throws SaliencyMixError DATA if some labels are numbers and others names, or if labels contradict each other
 */
export function classify(images: readonly LabelledImage[], root: string): Listing {
  const { found, problems } = ofOneKind(images, root);
  const isNamed = found.length > 0 && isNameAlone(found[0].label);
  return { ...(isNamed ? byName(found) : byNumber(found, root)), problems };
}

function byName(found: readonly LabelledImage[]): Omit<Listing, 'problems'> {
  const namesOf = ({ name, names }: Label) => (name === undefined ? (names ?? []) : [name]);
  const classes = sortedByBytes(new Set(found.flatMap(({ label }) => namesOf(label))));
  const numbers = new Map(classes.map((name, number) => [name, number]));
  const items = found.map(({ id, label }): Item => {
    const own = namesOf(label).map((name) => numbers.get(name) as number);
    if (own.length === 1) return { id, label: own[0] };
    const soft = new Float32Array(classes.length);
    for (const number of own) soft[number] += 1 / own.length;
    return { id, label: largest(soft), soft };
  });
  return { items, classes };
}

function byNumber(found: readonly LabelledImage[], root: string): Omit<Listing, 'problems'> {
  const count = classCount(found, root);
  const oneHot = new Map<number, Float32Array>(); // one array for all images of a class
  const items = found.map(({ id, label: { number, weights } }): Item => {
    if (!weights) return { id, label: number as number };
    if (number === undefined || weights[number] !== 1) {
      return { id, label: number ?? largest(weights), soft: Float32Array.from(weights) };
    }
    const soft = oneHot.get(number) ?? Float32Array.from(weights);
    oneHot.set(number, soft);
    return { id, label: number, soft };
  });
  return { items, classes: classNames(found, count, root) };
}

/** Number of classes: the length of the weights, or one more than the greatest number. */
function classCount(found: readonly LabelledImage[], root: string): number {
  const weighted = found.find(({ label }) => label.weights);
  const count = weighted?.label.weights?.length;
  let most = 0;
  for (const { id, label } of found) {
    const own = label.weights?.length ?? (label.number as number) + 1;
    if (count !== undefined && (label.weights ? own !== count : own > count)) {
      const what = label.weights ? `weights of ${own} classes` : `class ${label.number}`;
      const says = `labels "${weighted?.id}" with weights of ${count} classes, but "${id}" with ${what}`;
      throw dataError(root, `${says}; make them all the same`);
    }
    most = Math.max(most, own);
  }
  return count ?? most;
}

/** The names that are given with the numbers, if every number has a name of its own; else the numbers. */
function classNames(found: readonly LabelledImage[], count: number, root: string): string[] {
  const names = new Map<number, LabelledImage>();
  const unnamed = new Set<number>();
  for (const image of found) {
    const { number, name } = image.label;
    if (number === undefined) continue;
    if (name === undefined) {
      unnamed.add(number);
      continue;
    }
    const first = names.get(number);
    if (!first) names.set(number, image);
    else if (first.label.name !== name) {
      const both = `"${first.label.name}" ("${first.file}") and "${name}" ("${image.file}")`;
      throw dataError(root, `calls class ${number} ${both}; which is right? Make the label files agree`);
    }
  }
  const numbered = Array.from({ length: count }, (_, number) => String(number));
  if ([...unnamed].some((number) => !names.has(number))) return numbered;
  const named = numbered.map((digits, number) => names.get(number)?.label.name ?? digits);
  return new Set(named).size === count ? named : numbered;
}

/** Makes all labels numbers or all names. A minority of names in `.cls` files among numbers are problems. */
function ofOneKind(images: readonly LabelledImage[], root: string) {
  const alone = images.filter(({ label }) => isNameAlone(label));
  const asNumbers = new Map<LabelledImage, LabelledImage>();
  for (const image of alone) {
    const number = numberIn(image.label.name ?? '');
    if (number !== undefined) asNumbers.set(image, { ...image, label: { number } });
  }
  const words = alone.filter((image) => !asNumbers.has(image));
  const isMixed = words.length > 0 && alone.length < images.length;
  if (words.length > 0 && !isMixed) return { found: images, problems: [] };
  const found = images.map((image) => asNumbers.get(image) ?? image);
  if (!isMixed) return { found, problems: [] };
  if (2 * words.length >= images.length || !words.every(({ file }) => file.toLowerCase().endsWith('.cls'))) {
    throw dataError(root, 'labels some samples with numbers and others with names; make them all the same');
  }
  const problems = words.map(
    ({ id, label, file }): Problem => ({
      file: id,
      reason: `its label file "${file}" says ${shown(label)}, where those of other samples have numbers; it is left out`,
    }),
  );
  return { found: found.filter(({ label }) => !isNameAlone(label)), problems };
}

function isNameAlone({ number, weights }: Label): boolean {
  return number === undefined && !weights;
}

function largest(weights: ArrayLike<number>): number {
  let at = 0;
  for (let i = 1; i < weights.length; i++) if (weights[i] > weights[at]) at = i;
  return at;
}
