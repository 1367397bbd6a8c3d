/** Measures the errors of a checkpoint, of weights, or of an ONNX model on a data set. */
import { chooseThreads } from '../native/backends';
import { type OptionsOf, parse, type Parsed, required, text } from '../option';
import { type Scored, type Scoring, scoringOptions, withScoring } from './scoring';
import { normalised, scoreOn, severalClassesNotice, type TestResult } from './test-data';

export const evaluateOptions = {
  /** A checkpoint or weights (.safetensors), or an ONNX model (.onnx). */
  model: required(text('path')),
  ...scoringOptions,
};

export type EvaluateOptions = OptionsOf<typeof evaluateOptions>;

/** The errors of a model, and what they were measured on. */
export interface Evaluation extends TestResult {
  /** Path of the model. */
  model: string;
  /** Class names, in the order of the logits. */
  classes: readonly string[];
  /** What else the user should know about how the data was read, one line each. */
  notices: readonly string[];
  seconds: number;
  /** Which images of the data that was trained on were scored: those that training has held out; all, of other data without splits. */
  scored?: Scored;
}

async function scoreOpened(
  { classifier, model, dataset, scored, mean, std, classes, ...matched }: Scoring,
  { batch, threads, strict, signal, onProgress }: Parsed<typeof evaluateOptions>,
): Promise<Evaluation> {
  const started = Date.now();
  const tested = await scoreOn(dataset, {
    ...matched,
    batch,
    output: { ...normalised(mean, std), layout: classifier.layout },
    classes: classes.length,
    threads: chooseThreads(threads),
    strict,
    signal,
    onProgress: (done) => onProgress?.({ done, total: dataset.length }),
  });
  const notice = severalClassesNotice(dataset);
  const notices = notice === undefined ? dataset.notices : [...dataset.notices, notice];
  const seconds = (Date.now() - started) / 1000;
  return { model, classes, ...tested, notices, seconds, ...(scored && { scored }) };
}

/**
 * Top-1 and top-5 errors, loss and confusion matrix of a trained model on a data set.
 * @throws (rejects) SaliencyMixError ARGUMENT, CHECKPOINT, MODEL, DATA (no images, other classes); FILE with
 *   `strict`; the signal's reason when aborted
 */
export async function evaluate(given: EvaluateOptions): Promise<Evaluation> {
  const options = parse(evaluateOptions, given, 'evaluate options');
  return withScoring(options, (scoring) => scoreOpened(scoring, options));
}
