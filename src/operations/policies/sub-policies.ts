/** AutoAugment's sub-policies: pairs of operations, each with the chance that it is done, and its level. */
import type { DrawnOperation } from '../plan';

export interface SubStep {
  readonly operation: DrawnOperation['operation'];
  readonly probability: number;
  /** 0 … 9; of an operation that has no magnitude it means nothing. */
  readonly level: number;
}

export type SubPolicy = readonly [SubStep, SubStep];

/** Reads a table with a line for each sub-policy: operation, probability and level, `|`, and the same again. */
export function subPolicies(table: string): readonly SubPolicy[] {
  const step = (text: string): SubStep => {
    const [operation, probability, level = '0'] = text.trim().split(' ');
    return {
      operation: operation as SubStep['operation'],
      probability: Number(probability),
      level: Number(level),
    };
  };
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const [first, second] = line.split('|');
      return [step(first), step(second)];
    });
}
