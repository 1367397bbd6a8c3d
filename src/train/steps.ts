/** Steps that wait to be run, which of them run together, and the error of one that fails. */
import { SaliencyMixError } from '../errors';
import type { StepOptions, StepResult } from './batch';

export interface WaitingStep {
  batch: StepOptions;
  /** Images. */
  count: number;
  /** Only steps with the same number may run together: any other call to the trainer raises it. */
  barrierId: number;
  resolve: (result: StepResult) => void;
  reject: (error: unknown) => void;
}

/** Removes from the front of the list the steps that run together: at most `max`, of one batch size, between two barriers. */
export function takeTogether(waiting: WaitingStep[], max: number): WaitingStep[] {
  const [first] = waiting;
  const other = waiting.findIndex(
    ({ count, barrierId }) => count !== first.count || barrierId !== first.barrierId,
  );
  return waiting.splice(0, Math.min(max, other < 0 ? waiting.length : other));
}

/** The error of a step that would leave something that is not a number. */
export function notFinite(step: number, loss: number): SaliencyMixError {
  const advice = 'try a smaller learning rate, or warm up; the weights are those before the step';
  const what = Number.isFinite(loss)
    ? 'would make weights or statistics that are not finite'
    : `has the loss ${loss}`;
  return new SaliencyMixError('TRAINING', `Step ${step} ${what}: ${advice}`);
}
