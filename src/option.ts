/** Entries of option tables, from which the checks, the command line and the README's tables are made. */
import * as check from './check';

export interface Option<T> {
  readonly kind: 'name' | 'text' | 'number' | 'flag' | 'list';
  /** In words, for tables and help. */
  readonly values: string;
  readonly about: string;
  /** A shorter name on the command line. */
  readonly alias?: string;
  readonly default?: T;
  check(value: unknown, argument: string): T;
}

export type OptionTable = Readonly<Record<string, Option<string | number | boolean | readonly number[]>>>;

export const named = <T extends string>(known: readonly T[], about: string, byDefault?: T): Option<T> => ({
  kind: 'name',
  values: known.map((name) => `\`${name}\``).join(', '),
  about,
  default: byDefault,
  check: (value, argument) => check.name(value, known, argument),
});

export const text = (values: string, about: string, byDefault?: string): Option<string> => ({
  kind: 'text',
  values,
  about,
  default: byDefault,
  check: check.text,
});

/** A whole number of at least `least`, and at most `most` where that is shown. */
export const whole = (least: number, about: string, byDefault?: number, most?: number): Option<number> => ({
  kind: 'number',
  values: most === undefined ? `whole number ≥ ${least}` : `${least} … ${most}`,
  about,
  default: byDefault,
  check: (value, argument) => check.integer(value, argument, least, most),
});

/** A number in a range, see check.number. */
export const real = (
  values: string,
  range: readonly [least: number, most: number, open?: 'open'],
  about: string,
  byDefault?: number,
): Option<number> => ({
  kind: 'number',
  values,
  about,
  default: byDefault,
  check: (value, argument) => check.number(value, argument, ...range),
});

export const flag = (about: string, byDefault?: boolean): Option<boolean> => ({
  kind: 'flag',
  values: '`true`, `false`',
  about,
  default: byDefault,
  check: check.boolean,
});

/** Numbers, `count` of them where that is given. */
export const list = (
  values: string,
  about: string,
  each: (value: unknown, argument: string) => number,
  { count, byDefault }: { count?: number; byDefault?: readonly number[] } = {},
): Option<readonly number[]> => ({
  kind: 'list',
  values,
  about,
  default: byDefault,
  check(value, argument) {
    if (!Array.isArray(value) || (count !== undefined && value.length !== count))
      throw check.invalid(argument, count === undefined ? 'a list of numbers' : `${count} numbers`, value);
    return value.map((one) => each(one, argument));
  },
});
