/**
 * Tables of options. Each options object of the API has one table, from which come its type, its checks, its
 * defaults, the options of the command line, and the table in the docs. `parse` turns what a user gave into
 * the checked and complete value that is passed on.
 */
import * as check from './check';
import type { Signal } from './types';

/** required: the user must give it. default: it has a default. optional: it may stay undefined. */
type Presence = 'required' | 'default' | 'optional';

/** How the command line reads a value. */
type Kind =
  | 'name'
  | 'text'
  | 'number'
  | 'numberOrName'
  | 'flag'
  | 'list'
  | 'names'
  | 'namesOrUsual'
  | 'size'
  | 'value';

/**
 * One option. Its name is its key in the table. `Input` is what users may pass, `Value` what `check` makes of
 * it.
 */
export interface Option<Value, P extends Presence = Presence, Input = Value> {
  readonly kind: Kind;
  readonly presence: P;
  /** The allowed values in words, for tables and help. */
  readonly values: string;
  /** What the option does, for tables and help; empty where the command line does not have this option. */
  readonly about: string;
  /** A shorter name on the command line. */
  readonly alias?: string;
  readonly default?: Value;
  /** @throws SaliencyMixError ARGUMENT */
  check(value: unknown, argument: string): Value;
  /** Never set: it only carries the type `Input`. */
  readonly input?: Input;
}

export type OptionTable = Readonly<Record<string, Option<unknown, Presence, unknown>>>;

type Named<T, P extends Presence> = { [K in keyof T]: T[K] extends { presence: P } ? K : never }[keyof T];
type InputOf<O> = O extends Option<unknown, Presence, infer Input> ? Input : never;
type ValueOf<O> = O extends Option<infer Value, Presence, unknown> ? Value : never;

/** What users pass. */
export type OptionsOf<T> = { [K in keyof T as K & Named<T, 'required'>]: InputOf<T[K]> } & {
  [K in keyof T as Exclude<K, Named<T, 'required'>>]?: InputOf<T[K]>;
};

/** What `parse` gives: checked, completed and frozen. */
export type Parsed<T> = {
  readonly [K in keyof T as Exclude<K, Named<T, 'optional'>>]: ValueOf<T[K]>;
} & {
  readonly [K in keyof T as K & Named<T, 'optional'>]?: ValueOf<T[K]>;
};

/** What `checked` gives: the options that were given. */
export type Checked<T> = { readonly [K in keyof T]?: ValueOf<T[K]> };

/**
 * Checks the options that are given and leaves out the others. Each is read once, so a getter cannot change it
 * later. Error messages put `prefix` before an option's name.
 */
export function checked<T extends OptionTable>(
  table: T,
  given: unknown,
  argument: string,
  prefix = '',
): Checked<T> {
  const names = Object.keys(table);
  const from = check.options(given, names, argument);
  const values: Record<string, unknown> = {};
  for (const name of names) {
    const value = from[name];
    if (value !== undefined || table[name].presence === 'required')
      values[name] = table[name].check(value, prefix + name);
  }
  return values as Checked<T>;
}

/**
 * Every option of the table, in its order: the value given, else that of `preset`, else the table's default.
 */
export function completed<T extends OptionTable>(
  table: T,
  given: Checked<T>,
  preset?: Checked<T>,
): Parsed<T> {
  const all: Record<string, unknown> = {};
  for (const name of Object.keys(table)) {
    const value = given[name] === undefined ? preset?.[name] : given[name];
    all[name] = value === undefined ? table[name].default : value;
  }
  return Object.freeze(all) as Parsed<T>;
}

/**
 * Checks what a user gave, adds the defaults, and freezes it. Done once per call, before anything else of the
 * call.
 * @throws SaliencyMixError ARGUMENT for an unknown option, a missing one, or a value out of range
 */
export function parse<T extends OptionTable>(
  table: T,
  given: unknown,
  argument: string,
  prefix?: string,
): Parsed<T> {
  return completed(table, checked(table, given, argument, prefix));
}

/** The defaults of those options that have one. */
export const defaultsOf = (table: OptionTable): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(table).flatMap(([name, one]) => (one.default === undefined ? [] : [[name, one.default]])),
  );

/** The entries of `values` that are options of the table. */
export const pick = <T extends OptionTable>(table: T, values: Record<string, unknown>): OptionsOf<T> =>
  Object.fromEntries(
    Object.keys(table).flatMap((name) => (values[name] === undefined ? [] : [[name, values[name]]])),
  ) as OptionsOf<T>;

/** What a table may say of an option besides its check. */
interface Details<Default> {
  default?: Default;
  about?: string;
  values?: string;
  alias?: string;
}

type PresenceOf<Default> = [Default] extends [undefined] ? 'optional' : 'default';

function option<Value, Default extends Value | undefined, Input = Value>(
  kind: Kind,
  values: string,
  { about = '', ...details }: Details<Default>,
  checkValue: (value: unknown, argument: string) => Value,
): Option<Value, PresenceOf<Default>, Input> {
  const presence = (details.default === undefined ? 'optional' : 'default') as PresenceOf<Default>;
  return { kind, values, about, ...details, presence, check: checkValue };
}

/** An option that must be given. */
export const required = <Value, Input>(
  one: Option<Value, 'optional', Input>,
): Option<Value, 'required', Input> => ({ ...one, presence: 'required' });

/** The same option without its default, for a table whose default depends on other things. */
export const optional = <Value, Input>(
  one: Option<Value, Presence, Input>,
  about: string,
): Option<Value, 'optional', Input> => ({ ...one, about, default: undefined, presence: 'optional' });

/** One of a list of names. */
export const named = <T extends string, D extends T | undefined = undefined>(
  known: readonly T[],
  details: Details<D> = {},
) => {
  const values = known.map((name) => `\`${name}\``).join(', ');
  return option<T, D>('name', values, details, (value, argument) => check.name(value, known, argument));
};

export const text = <D extends string | undefined = undefined>(values: string, details: Details<D> = {}) =>
  option<string, D>('text', values, details, check.text);

/** A whole number of at least `min`, and at most `max` where that is given. */
export const whole = <D extends number | undefined = undefined>(
  min: number,
  { max, ...details }: Details<D> & { max?: number } = {},
) => {
  const values = max === undefined ? `whole number ≥ ${min}` : `${min} … ${max}`;
  return option<number, D>('number', values, details, (value, argument) =>
    check.integer(value, argument, min, max),
  );
};

/** A whole number from `min` to `max`, or one of a list of names. */
export const wholeOr = <T extends string, D extends number | T | undefined = undefined>(
  known: readonly T[],
  min: number,
  { max, ...details }: Details<D> & { max: number },
) => {
  const listed = (quote: string) => known.map((name) => `${quote}${name}${quote}`).join(', ');
  const values = `${min} … ${max}, ${listed('`')}`;
  return option<number | T, D>('numberOrName', values, details, (value, argument) => {
    if (known.includes(value as T)) return value as T;
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max)
      return value as number;
    throw check.invalid(argument, `a whole number from ${min} to ${max}, or ${listed('"')}`, value);
  });
};

/** A finite number in a range, as check.number takes it. */
export const real = <D extends number | undefined = undefined>(
  values: string,
  range: readonly [min: number, max: number, open?: 'open'],
  details: Details<D> = {},
) =>
  option<number, D>('number', values, details, (value, argument) => check.number(value, argument, ...range));

export const flag = <D extends boolean | undefined = undefined>(details: Details<D> = {}) =>
  option<boolean, D>('flag', '`true`, `false`', details, check.boolean);

/** A list of numbers, of length `count` where that is given; with `filled`, of one at least. */
export const list = <D extends readonly number[] | undefined = undefined>(
  values: string,
  each: (value: unknown, argument: string) => number,
  { count, filled, ...details }: Details<D> & { count?: number; filled?: boolean } = {},
) =>
  option<readonly number[], D>('list', values, details, (value, argument) => {
    if (!Array.isArray(value) || (count !== undefined && value.length !== count))
      throw check.invalid(argument, count === undefined ? 'a list of numbers' : `${count} numbers`, value);
    if (filled && value.length === 0) throw check.invalid(argument, 'at least one number', value);
    return value.map((one) => each(one, argument));
  });

/** The ends of a range, in their order; both as check.number takes them. */
export const numberRange = (
  values: string,
  range: readonly [min: number, max: number, open?: 'open'],
  details: Details<undefined> = {},
) =>
  option<readonly [least: number, greatest: number], undefined>(
    'list',
    values,
    details,
    (value, argument) => {
      if (!Array.isArray(value) || value.length !== 2) throw check.invalid(argument, '2 numbers', value);
      const [least, greatest] = value.map((one) => check.number(one, argument, ...range));
      if (least > greatest) throw check.invalid(argument, 'the smaller number first', value);
      return [least, greatest];
    },
  );

/** A list of one or more names, each once. */
export const namedList = <T extends string>(known: readonly T[], details: Details<undefined> = {}) => {
  const values = known.map((name) => `\`${name}\``).join(', ');
  return option<readonly T[], undefined>('names', values, details, (value, argument) => {
    if (!Array.isArray(value) || value.length === 0 || new Set(value).size < value.length)
      throw check.invalid(argument, 'a list of names, each once', value);
    return value.map((one) => check.name(one, known, argument));
  });
};

/** A list of names that are checked later, each once; or true: those that are usual. */
export const namesOrUsual = (details: Details<undefined> = {}) =>
  option<readonly string[] | true, undefined>('namesOrUsual', '', details, (value, argument) => {
    if (value === true) return value;
    if (!Array.isArray(value) || value.length === 0 || new Set(value).size < value.length)
      throw check.invalid(argument, 'true, or a list of names, each once', value);
    return value.map((one) => check.text(one, argument));
  });

/** An option with a check of its own. */
export const custom = <Value, Input = Value, D extends Value | undefined = undefined>(
  checkValue: (value: unknown, argument: string) => Value,
  { kind = 'value', ...details }: Details<D> & { kind?: Kind } = {},
) => option<Value, D, Input>(kind, '', details, checkValue);

/** Not checked here, because it depends on something not known yet, such as the shape of the batch. */
export const later = <T>() => custom((value) => value as T);

/** An option that is itself an object of options. */
export const group = <T extends OptionTable>(table: T) =>
  custom<Parsed<T>, OptionsOf<T>>((value, argument) => parse(table, value, argument, `${argument}.`));

export const abortSignal = () => custom((value) => check.signal(value) as Signal);

/** Height and width of images. */
export const sides = () =>
  custom((value, argument): readonly [height: number, width: number] => {
    if (!Array.isArray(value) || value.length !== 2) throw check.invalid(argument, '[height, width]', value);
    const side = (i: number) => check.integer(value[i], `${argument}[${i}]`, 1, 1 << 16);
    return [side(0), side(1)];
  });

export const callback = <T extends (...args: never[]) => unknown>(expected = 'a function') =>
  custom((value, argument) => {
    if (typeof value === 'function') return value as T;
    throw check.invalid(argument, expected, value);
  });
