/** Checks of single values that users give. Every message about a wrong argument is made here. */
import { closest, distance } from 'fastest-levenshtein';
import { type ErrorDetails, SaliencyMixError } from './errors';

/** Lists in lists are shown so far. */
const DEEPEST = 4;

/** A value as words for a message: its type, and enough of it to recognise it. */
export function describe(value: unknown, depth = 0): string {
  if (typeof value === 'string') return `"${value.length > 60 ? `${value.slice(0, 57)}...` : value}"`;
  if (ArrayBuffer.isView(value) && 'length' in value)
    return `${value.constructor.name} of length ${String(value.length)}`;
  if (Array.isArray(value)) {
    if (depth === DEEPEST) return '[…]';
    const shown = value
      .slice(0, 8)
      .map((one) => describe(one, depth + 1))
      .join(', ');
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

/**
 * " (did you mean …?)" with the known word that is nearest, or nothing where none is near. A known word is near
 * where one of the two begins with the other, or where less than half of its letters differ.
 */
function suggestion(word: string, known: readonly string[]): string {
  const lower = word.toLowerCase();
  const begins = known.find((one) => {
    const [short, long] = [lower, one.toLowerCase()].toSorted((a, b) => a.length - b.length);
    return short.length > 2 && long.startsWith(short);
  });
  const closestOne = closest(lower, [...known]);
  const apart = distance(lower, closestOne.toLowerCase());
  // A word with one letter wrong is a better guess than one with the same beginning.
  const nearest = apart <= 1 ? closestOne : (begins ?? closestOne);
  const near = begins !== undefined || apart < nearest.length / 2;
  return near ? ` (did you mean "${nearest}"?)` : '';
}

/** One of a list of names. The error for anything else suggests the nearest name. */
export function name<T extends string>(value: unknown, known: readonly T[], argument: string): T {
  if (typeof value === 'string' && (known as readonly string[]).includes(value)) return value as T;
  const expected = `one of ${known.map((k) => `"${k}"`).join(', ')}`;
  const { message, received } = invalid(argument, expected, value);
  const hint = typeof value === 'string' ? suggestion(value, known) : '';
  throw new SaliencyMixError('ARGUMENT', `${message}${hint}`, { argument, expected, received });
}

/** A plain object of options. */
export function object(value: unknown, argument: string): Record<string, unknown> {
  if (value === undefined) return {};
  if (value === null || typeof value !== 'object' || Array.isArray(value) || ArrayBuffer.isView(value))
    throw invalid(argument, 'an object of options', value);
  return value as Record<string, unknown>;
}

/** A plain object whose keys are all among the `known` option names. */
export function options(given: unknown, known: readonly string[], argument: string): Record<string, unknown> {
  const value = object(given, argument);
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
  return value;
}

export function integer(
  value: unknown,
  argument: string,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  const range =
    max === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${min}`
      : `a whole number from ${min} to ${max}`;
  throw invalid(argument, range, value);
}

/** A finite number with `min ≤ value ≤ max`; with `open`, `min` itself is refused. */
export function number(value: unknown, argument: string, min: number, max: number, open?: 'open'): number {
  if (
    typeof value === 'number' &&
    Number.isFinite(value) &&
    value <= max &&
    (open ? value > min : value >= min)
  )
    return value;
  const low = open ? `above ${min}` : `from ${min}`;
  throw invalid(
    argument,
    max === Number.MAX_VALUE ? `a finite number ${low}` : `a number ${low} to ${max}`,
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
