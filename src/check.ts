/** Every check of user input, and the one place that words what went wrong. Nothing here looks at pixels' values. */
import { types } from 'node:util';
import { closest, distance } from 'fastest-levenshtein';
import { type ErrorDetails, SaliencyMixError } from './errors';
import type { ImageBatch, MaskBatch } from './types';

/** Rows, columns and counts are int32 in native code; a batch may hold up to 2^40 bytes. */
const LARGEST_SIDE = 0x7fffffff;
const LARGEST_BATCH = 2 ** 40;

/** A value in words: what it is, and enough of it to be recognised. */
export function describe(value: unknown): string {
  if (typeof value === 'string') return `"${value.length > 60 ? `${value.slice(0, 57)}...` : value}"`;
  if (ArrayBuffer.isView(value) && 'length' in value)
    return `${value.constructor.name} of length ${String(value.length)}`;
  if (Array.isArray(value)) {
    const shown = value.slice(0, 8).map(describe).join(', ');
    return `[${shown}${value.length > 8 ? `, … ${value.length} in all` : ''}]`;
  }
  if (typeof value === 'function') return 'a function';
  if (value !== null && typeof value === 'object')
    return `an object (${Object.keys(value).slice(0, 6).join(', ')})`;
  return String(value);
}

/** The error for an argument that is not what it must be: "Expected … for NAME but received …". */
export function invalid(
  argument: string,
  expected: string,
  value: unknown,
  details: ErrorDetails = {},
): SaliencyMixError {
  const received = describe(value);
  const at = details.index === undefined ? '' : ` (image ${details.index})`;
  return new SaliencyMixError(
    'ARGUMENT',
    `Expected ${expected} for ${argument}${at} but received ${received}`,
    {
      ...details,
      argument,
      expected,
      received,
    },
  );
}

/** " (did you mean …?)" where one begins as the other does or they differ in less than half of its letters, else nothing. */
function suggestion(word: string, known: readonly string[]): string {
  const lower = word.toLowerCase();
  const begins = known.find((one) => {
    const [short, long] = [lower, one.toLowerCase()].toSorted((a, b) => a.length - b.length);
    return short.length > 2 && long.startsWith(short);
  });
  const closestOne = closest(lower, [...known]);
  const apart = distance(lower, closestOne.toLowerCase());
  // A single slip tells more than a beginning in common.
  const nearest = apart <= 1 ? closestOne : (begins ?? closestOne);
  const near = begins !== undefined || apart < nearest.length / 2;
  return near ? ` (did you mean "${nearest}"?)` : '';
}

/** One of a list of names; anything else is refused with the nearest of them. */
export function name<T extends string>(value: unknown, known: readonly T[], argument: string): T {
  if (typeof value === 'string' && (known as readonly string[]).includes(value)) return value as T;
  const expected = `one of ${known.map((k) => `"${k}"`).join(', ')}`;
  const { message, received } = invalid(argument, expected, value);
  const hint = typeof value === 'string' ? suggestion(value, known) : '';
  throw new SaliencyMixError('ARGUMENT', `${message}${hint}`, { argument, expected, received });
}

/** A plain options object without names that nobody knows. */
export function options(value: unknown, known: readonly string[], argument: string): Record<string, unknown> {
  if (value === undefined) return {};
  if (value === null || typeof value !== 'object' || Array.isArray(value) || ArrayBuffer.isView(value)) {
    throw invalid(argument, 'an object of options', value);
  }
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    throw new SaliencyMixError(
      'ARGUMENT',
      `Unknown option "${key}" in ${argument}${suggestion(key, known)}; known: ${known.join(', ')}`,
      {
        argument: key,
        expected: `one of ${known.join(', ')}`,
        received: `"${key}"`,
      },
    );
  }
  return value as Record<string, unknown>;
}

export function integer(
  value: unknown,
  argument: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  const range =
    most === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${least}`
      : `a whole number from ${least} to ${most}`;
  throw invalid(argument, range, value);
}

/** A finite number with `least ≤ value ≤ most`; with `open`, `least` itself is refused. */
export function number(value: unknown, argument: string, least: number, most: number, open?: 'open'): number {
  if (
    typeof value === 'number' &&
    Number.isFinite(value) &&
    value <= most &&
    (open ? value > least : value >= least)
  )
    return value;
  const low = open ? `above ${least}` : `from ${least}`;
  throw invalid(
    argument,
    most === Number.MAX_VALUE ? `a finite number ${low}` : `a number ${low} to ${most}`,
    value,
  );
}

export function boolean(value: unknown, argument: string): boolean {
  if (typeof value === 'boolean') return value;
  throw invalid(argument, 'true or false', value);
}

export function text(value: unknown, argument: string): string {
  if (typeof value === 'string' && value.length > 0) return value;
  throw invalid(argument, 'a non-empty string', value);
}

export function signal(value: unknown): AbortSignal | undefined {
  if (value === undefined) return undefined;
  if (value !== null && typeof value === 'object' && 'aborted' in value && 'addEventListener' in value)
    return value as AbortSignal;
  throw invalid('signal', 'an AbortSignal', value);
}

/** A typed array whose memory is there and stays there: not detached, not resizable. */
function attached(value: NodeJS.TypedArray, argument: string): void {
  const buffer = value.buffer as ArrayBuffer & { resizable?: boolean; detached?: boolean };
  if (buffer.resizable) throw invalid(argument, 'memory that cannot be resized', value);
  if (buffer.byteLength > 0) return;
  try {
    return void new Uint8Array(buffer); // the only test in Node 20: a view over a detached buffer throws
  } catch {
    throw invalid(argument, 'an array whose buffer is not detached (it was transferred elsewhere)', value);
  }
}

/** Product of dimensions, each at least 1, known to fit before any memory is touched. */
function elements(shape: readonly unknown[], argument: string): number {
  let product = 1;
  for (const side of shape) {
    if (typeof side !== 'number' || !Number.isInteger(side) || side < 1 || side > LARGEST_SIDE) {
      throw invalid(argument, 'dimensions that are whole numbers of at least 1', shape);
    }
    product *= side;
    if (product > LARGEST_BATCH) throw invalid(argument, `dimensions with a product of at most 2^40`, shape);
  }
  return product;
}

/** An image batch: uint8 NHWC with 1 or 3 channels and exactly as many bytes as its shape says. */
export function imageBatch(value: unknown, argument = 'batch'): ImageBatch {
  if (value === null || typeof value !== 'object')
    throw invalid(argument, 'an image batch { data, shape }', value);
  const { data, shape } = value as Partial<ImageBatch>;
  if (!types.isUint8Array(data)) throw invalid(`${argument}.data`, 'a Uint8Array (uint8 NHWC)', data);
  if (!Array.isArray(shape) || shape.length !== 4)
    throw invalid(`${argument}.shape`, '[count, height, width, channels]', shape);
  const length = elements(shape, `${argument}.shape`);
  const channels = shape[3];
  if (channels !== 1 && channels !== 3)
    throw invalid(`${argument}.shape`, '1 or 3 channels (drop alpha first)', shape);
  attached(data, `${argument}.data`);
  if (data.length !== length)
    throw invalid(`${argument}.data`, `${length} bytes for the shape ${describe(shape)}`, data);
  return value as ImageBatch;
}

/** Label maps: uint8 or int32, [n, h, w] or [n, h, w, 1]. */
export function maskBatch(value: unknown, argument = 'masks'): MaskBatch {
  const { data, shape } = value as Partial<MaskBatch>;
  if (!types.isUint8Array(data) && !types.isInt32Array(data))
    throw invalid(`${argument}.data`, 'a Uint8Array or Int32Array', data);
  const isMask = Array.isArray(shape) && (shape.length === 3 || (shape.length === 4 && shape[3] === 1));
  if (!isMask) throw invalid(`${argument}.shape`, '[count, height, width] (one label per pixel)', shape);
  const length = elements(shape as readonly number[], `${argument}.shape`);
  attached(data, `${argument}.data`);
  if (data.length !== length)
    throw invalid(`${argument}.data`, `${length} values for the shape ${describe(shape)}`, data);
  return value as MaskBatch;
}

/** Labels of a batch; gives the number of classes. Class numbers need `classes`, soft labels tell it by their length. */
export function labels(
  value: unknown,
  count: number,
  classes: number | undefined,
  argument = 'labels',
): number {
  if (types.isInt32Array(value)) {
    attached(value, argument);
    if (value.length !== count) throw invalid(argument, `${count} class numbers, one per image`, value);
    if (classes === undefined) {
      throw invalid(
        'classes',
        'the number of classes (class numbers do not tell it; soft labels do)',
        classes,
      );
    }
    for (let i = 0; i < count; i++) {
      if (value[i] < 0 || value[i] >= classes) {
        throw invalid(argument, `class numbers from 0 to ${classes - 1}`, value[i], { index: i });
      }
    }
    return classes;
  }
  if (types.isFloat32Array(value)) {
    attached(value, argument);
    const width = value.length / count;
    if (width < 1 || !Number.isInteger(width) || (classes !== undefined && width !== classes)) {
      throw invalid(argument, `${count} × ${classes ?? 'classes'} values, one row per image`, value);
    }
    const bad = value.findIndex((v) => !Number.isFinite(v));
    if (bad >= 0) throw invalid(argument, 'finite numbers', value[bad], { index: Math.floor(bad / width) });
    return width;
  }
  throw invalid(argument, 'an Int32Array of class numbers or a Float32Array of soft labels', value);
}
