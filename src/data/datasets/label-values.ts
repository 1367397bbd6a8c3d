/** Reads the label of a sample from its text: a class number, a class name, both, or weights of all classes. */
import { className, isUnicode } from './names';

export interface Label {
  readonly number?: number;
  readonly name?: string;
  /** Several classes of the same weight. */
  readonly names?: readonly string[];
  /** Weights of all classes, their sum 1. */
  readonly weights?: readonly number[];
}

/** A label, or why the text has no usable one, in words that follow the name of the file. */
export type Reading = { readonly label: Label } | { readonly fault: string };

/** Keys of a JSON file that may hold the label. */
export const LABEL_KEYS = [
  'label',
  'labels',
  'cls',
  'class',
  'class_id',
  'class_name',
  'label_name',
  'target',
] as const;

/** More classes than this are a mistake in the labels. */
const MOST_CLASSES = 1 << 20;

/** So much is shown of a number. */
const SHOWN = 40;

/** Longest class name. Longer texts are captions. */
const LONGEST_NAME = 100;

/** Weights whose sum differs from 1 by no more than this are kept; others are divided by their sum. */
const SUM_TOLERANCE = 1e-3;

/** The label in a text: a whole number, a name, or JSON. */
export function readText(text: string): Reading {
  const value = text.trim();
  if (/^[[{"]/.test(value)) return readJson(value) ?? { fault: 'holds no label' };
  if (/[\r\n\0]/.test(value)) return { fault: 'has several lines, where one with the label was expected' };
  return saying('says', isNumeric(value) ? readNumber(value) : readName(value));
}

/** The label in JSON; undefined for JSON without any of the keys. */
export function readJson(text: string): Reading | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { fault: 'is no valid JSON' };
  }
  if (parsed === null || typeof parsed !== 'object' || Array.isArray(parsed)) {
    return saying('says', readValue(parsed));
  }
  let label: Label | undefined;
  for (const key of LABEL_KEYS) {
    const reading = saying(`has "${key}":`, readValue((parsed as Record<string, unknown>)[key]));
    if (!reading) continue;
    if ('fault' in reading) return reading;
    const both = label ? agreed(label, reading.label) : reading.label;
    if (!both) {
      return {
        fault: `contradicts itself: "${key}" is ${shown(reading.label)}, and before it says ${shown(label)}`,
      };
    }
    label = both;
  }
  return label && { label };
}

/** Combines two labels of one sample; undefined if they contradict each other. */
export function agreed(a: Label, b: Label): Label | undefined {
  const names = [a.name, b.name].filter((name) => name !== undefined);
  const words = names.filter((name) => numberIn(name) === undefined);
  const digits = names.filter((name) => numberIn(name) !== undefined);
  const numbers = [a.number, b.number].filter((number) => number !== undefined);
  const several = a.names ?? b.names;
  if (numbers.length > 0 || words.length > 0) numbers.push(...digits.map(Number));
  else words.push(...digits.slice(0, 1)); // only digits: a number or a name, depending on the other samples
  if (new Set([...numbers, ...digits.map(Number)]).size > 1 || new Set(words).size > 1) return undefined;
  if (several && words.length > 0 && !several.includes(words[0])) return undefined;
  const weights = a.weights ?? b.weights;
  if (a.weights && b.weights && !sameWeights(a.weights, b.weights)) return undefined;
  if (weights && numbers.length > 0 && !isLargest(weights, numbers[0])) return undefined;
  return { number: numbers[0], name: words[0], names: several, weights };
}

/** The class number that a name consists of, if it consists of digits. */
export function numberIn(name: string): number | undefined {
  return WHOLE.test(name) && Number(name) < MOST_CLASSES ? Number(name) : undefined;
}

/** A label as messages show it. */
export function shown(label: Label | undefined): string {
  if (label?.name !== undefined) return JSON.stringify(label.name);
  if (label?.names) return JSON.stringify(label.names);
  if (label?.number !== undefined) return String(label.number);
  return `weights of ${label?.weights?.length ?? 0} classes`;
}

const WHOLE = /^\+?\d+(\.0*)?$/;

/** Puts a verb before the fault, if there is one. */
function saying<T extends Reading | undefined>(verb: string, reading: T): T | { fault: string } {
  return reading && 'fault' in reading ? { fault: `${verb} ${reading.fault}` } : reading;
}

function isNumeric(text: string): boolean {
  return text !== '' && (Number.isFinite(Number(text)) || /^[+-]?(nan|inf(inity)?)$/i.test(text));
}

function readNumber(text: string): Reading {
  const number = WHOLE.test(text) ? Number(text) : Number.NaN;
  if (number < MOST_CLASSES) return { label: { number } };
  const words = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  if (number >= MOST_CLASSES) return { fault: `${words}, which is too large for a class number` };
  return text.startsWith('-')
    ? { fault: `${words}, which stands for no class` }
    : { fault: `${words}, which is no class number` };
}

function readName(text: string): Reading {
  const name = className(text.trim());
  if (name === '') return { fault: 'nothing' };
  // Several numbers: the boxes of data for object detection.
  if (/^[\d\s.,;+-]+$/.test(name) && !WHOLE.test(name))
    return { fault: `${name.slice(0, 40)}, which is no class` };
  if (!isUnicode(name)) return { fault: 'a text with half a character in it' };
  if (name.length > LONGEST_NAME) return { fault: 'a text too long for the name of a class' };
  return /[\r\n\0]/.test(name) ? { fault: 'a text of several lines' } : { label: { name } };
}

/** Undefined for a key that does not exist, and for objects, which are no labels. */
function readValue(value: unknown): Reading | undefined {
  if (typeof value === 'number') return readNumber(String(value));
  if (typeof value === 'string') return isNumeric(value.trim()) ? readDigits(value.trim()) : readName(value);
  if (Array.isArray(value)) return value.length === 1 ? readOnly(value) : readList(value);
  if (value === null || typeof value === 'boolean') return { fault: `${value}, which is no class` };
  return undefined;
}

/** A list of one label, which may be such a list again. */
function readOnly(list: readonly unknown[]): Reading | undefined {
  let only: unknown = list;
  while (Array.isArray(only) && only.length === 1) only = (only as readonly unknown[])[0];
  return readValue(only);
}

/** Digits in quotes: a number or a name, depending on the other samples. */
function readDigits(text: string): Reading {
  const reading = readNumber(text);
  return 'fault' in reading ? reading : { label: { name: text } };
}

function readList(list: readonly unknown[]): Reading {
  if (list.length > 0 && list.every((value) => typeof value === 'string' && !isNumeric(value.trim()))) {
    const names: string[] = [];
    for (const one of list as string[]) {
      const reading = readName(one);
      if ('fault' in reading) return { fault: `a list with ${reading.fault}` };
      names.push(reading.label.name as string);
    }
    return { label: { names } };
  }
  const weights = list as readonly number[];
  const isWeight = (value: unknown) => typeof value === 'number' && value >= 0 && value <= 1;
  if (list.length === 0 || list.length > MOST_CLASSES || !list.every(isWeight)) {
    return { fault: 'a list that is not the weights of all classes (numbers from 0 to 1) and not names' };
  }
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (sum === 0) return { fault: 'a list of zeros, which stands for no class' };
  const one = weights.findIndex((weight) => weight > 0);
  const number = weights[one] === sum ? one : undefined;
  const isDistribution = Math.abs(sum - 1) <= SUM_TOLERANCE;
  return { label: { number, weights: isDistribution ? weights : weights.map((weight) => weight / sum) } };
}

function isLargest(weights: readonly number[], number: number): boolean {
  return number < weights.length && weights.every((weight) => weight <= weights[number]);
}

function sameWeights(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((weight, i) => Math.abs(weight - b[i]) <= SUM_TOLERANCE);
}
