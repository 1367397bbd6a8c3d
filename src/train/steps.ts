/** The list of steps that wait to be run: which of them run together, and the error of one that fails. */
import { SaliencyMixError } from '../errors';
import type { StepOptions, StepResult } from './batch';
import type { GivenBatch } from './lent-images';

export interface WaitingStep {
  batch: GivenBatch<StepOptions>;
  /** Number of images. */
  count: number;
  /** Steps run together only if this number is the same; every other call of the trainer increases it. */
  barrierId: number;
  resolve: (result: StepResult) => void;
  reject: (error: unknown) => void;
}

/** Takes steps from the front of the list that can run together: at most `max`, of one graph, with equal `barrierId`. */
export function takeTogether(waiting: WaitingStep[], max: number): WaitingStep[] {
  const [first] = waiting;
  const other = waiting.findIndex(
    ({ count, barrierId, batch }) =>
      count !== first.count ||
      barrierId !== first.barrierId ||
      batch.hidden?.stage !== first.batch.hidden?.stage ||
      (batch.beside === undefined) !== (first.batch.beside === undefined),
  );
  return waiting.splice(0, Math.min(max, other < 0 ? waiting.length : other));
}

/** The error of a step that would give values that are not finite. */
export function notFinite(step: number, loss: number): SaliencyMixError {
  const advice = 'try a smaller learning rate, or warm up; the weights are those before the step';
  const what = Number.isFinite(loss)
    ? 'would make weights or statistics that are not finite'
    : `has the loss ${loss}`;
  return new SaliencyMixError('TRAINING', `Step ${step} ${what}: ${advice}`);
}

/** The error of maps that say nothing. */
export const notFiniteMaps = (): SaliencyMixError =>
  new SaliencyMixError(
    'TRAINING',
    'The gradient of the images is not finite: try a smaller learning rate, or warm up',
  );
