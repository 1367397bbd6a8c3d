/** Classes of a model by name or number, and which of them an image of a data set has. */
import { invalid } from '../check';
import type { Dataset } from '../data/dataset';
import { className } from '../data/datasets/names';

/** A name per class: of the model's file, else of data with as many classes, else their numbers. */
export function namesOfClasses(
  known: readonly string[] | undefined,
  dataset: Dataset,
  count: number,
): readonly string[] {
  const named = [known, dataset.classes].find((names) => names?.length === count);
  return named ?? Array.from({ length: count }, (_, number) => `class ${number}`);
}

/**
 * The numbers of classes that were asked for. Names come first: a class may be named "7".
 * @throws SaliencyMixError ARGUMENT
 */
export function numbersOfClasses(asked: readonly (string | number)[], names: readonly string[]): number[] {
  const composed = names.map(className);
  return asked.map((one) => {
    const named = typeof one === 'string' ? composed.indexOf(className(one)) : -1;
    if (named >= 0) return named;
    const number = /^\d+$/.test(String(one)) ? Number(one) : NaN;
    if (number < names.length) return number;
    const shown = `${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`;
    const range = `its number from 0 to ${names.length - 1}`;
    throw invalid('classes', `a class of the model (${shown}), or ${range},`, one);
  });
}

/** The model's number of the class of each image; −1 where the data does not tell, or the model has no such class. */
export function classesOfImages(labels: Int32Array, dataset: Dataset, names: readonly string[]): Int32Array {
  const numbers = new Map(names.map((name, number) => [className(name), number]));
  return labels.map((label) => numbers.get(className(dataset.classes[label] ?? '')) ?? -1);
}
