/** What a measure of robustness is given, and what it gives: calibration, attacks and occlusion have this form. */
import type { OptionTable, Parsed } from '../../option';
import type { Layout } from '../../types';
import { ErrorCount, type Errors } from '../score';

/** The network, its images' form, and their classes. */
export interface Subject {
  /** Number of the network's classes. */
  classes: number;
  size: readonly [height: number, width: number];
  layout: Layout;
  /** Pixels, 0 to 255, as the network takes them: each minus its channel's mean, divided by its standard deviation. */
  normalised(pixels: Float32Array): Float32Array;
  /** Logits of normalised images. */
  predict(values: Float32Array, count: number): Promise<Float32Array>;
  /** The gradient of each image's own loss at its class, by its normalised values; its sign is that by the pixels. */
  gradient(values: Float32Array, numbers: readonly number[]): Promise<Float32Array>;
}

/** Images as they are in the data, and what the network says of them. */
export interface CleanBatch {
  /** 0 to 255, in the layout of the subject. */
  pixels: Float32Array;
  /** The same, normalised. */
  values: Float32Array;
  logits: Float32Array;
  /** The class of each image. */
  numbers: readonly number[];
  /** Where each image stands in the data: what is drawn for it depends on this. */
  positions: readonly number[];
}

/** Goes through the data once. */
export interface Meter<Result> {
  add(batch: CleanBatch): Promise<void>;
  readonly result: Result;
}

/** What was asked for: the measure's own options, and the seed of what is drawn at random. */
export type Settings<Options> = Parsed<Options> & { readonly seed: number };

export interface Measure<Options extends OptionTable, Result> {
  /** In a few words, and where it is from. */
  summary: string;
  reference: string;
  options: Options;
  /** Whether it needs gradients, which only networks of this package have. */
  needsGradients: boolean;
  /** How often it calls `predict` and `gradient` for a batch: for the progress that is shown. */
  passes(settings: Settings<Options>): number;
  begin(subject: Subject, settings: Settings<Options>): Meter<Result>;
}

/** Errors at some strength of what was done to the images. */
export type ErrorsAt<Strength> = Strength & Omit<Errors, 'images' | 'probabilities'>;

/** A count of errors for each strength, in their order. */
export function errorCounts<Strength extends object>(strengths: readonly Strength[], classes: number) {
  const counts = strengths.map(() => new ErrorCount(classes));
  return {
    counts,
    rows: (): ErrorsAt<Strength>[] =>
      strengths.map((strength, i) => {
        const { top1Error, top5Error, loss } = counts[i].errors;
        return { ...strength, top1Error, top5Error, loss };
      }),
  };
}
