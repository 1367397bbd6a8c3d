/** Steps that wait for their turn, which of them go together, and what is said of one that fails. */
import { SaliencyMixError } from '../errors';
import type { StepOptions, StepResult } from './trainer';

export interface WaitingStep {
  batch: StepOptions;
  /** Images. */
  count: number;
  /** Steps with something else asked for between them have different ones. */
  section: number;
  resolve: (result: StepResult) => void;
  reject: (error: unknown) => void;
}

/** Does work one after the other, in the order it is asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** Takes the first steps off the list: up to `most`, of one size and without anything asked for between them. */
export function takeTogether(waiting: WaitingStep[], most: number): WaitingStep[] {
  const [first] = waiting;
  const other = waiting.findIndex(({ count, section }) => count !== first.count || section !== first.section);
  return waiting.splice(0, Math.min(most, other < 0 ? waiting.length : other));
}

/** The error of a step that would leave something that is not a number. */
export function notFinite(step: number, loss: number): SaliencyMixError {
  const advice = 'try a smaller learning rate, or warm up; the weights are those before the step';
  const what = Number.isFinite(loss)
    ? 'would make weights or statistics that are not finite'
    : `has the loss ${loss}`;
  return new SaliencyMixError('TRAINING', `Step ${step} ${what}: ${advice}`);
}
