/** A trained model as `evaluate` sees it, whatever file it is from. */
import { LARGEST_SIDE } from '../data/size';
import type { Layout } from '../types';
import type { TrainSettings } from './train-settings';

/** Logits, or probabilities: n × classes. */
export interface Predictions {
  data: Float32Array;
  classes: number;
}

/** What a model was trained with, where its file says so. */
export type Trained = Partial<
  Pick<TrainSettings, 'classes' | 'size' | 'testResize' | 'mean' | 'std' | 'holdout'>
> & {
  /** Where the data was. */
  data?: { path: string };
};

const isList = (value: unknown, of: 'string' | 'number', length?: number): boolean =>
  Array.isArray(value) &&
  (length === undefined || value.length === length) &&
  value.every((one) => typeof one === of && (of === 'string' || Number.isFinite(one)));

const field = (value: unknown, name: string): unknown =>
  value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[name] : undefined;

const forms: { [name in keyof Trained]-?: (value: unknown) => boolean } = {
  classes: (value) => isList(value, 'string'),
  size: (value) => isList(value, 'number', 2),
  testResize: (value) =>
    Number.isInteger(value) && (value as number) >= 1 && (value as number) <= LARGEST_SIDE,
  mean: (value) => isList(value, 'number', 3),
  std: (value) => isList(value, 'number', 3),
  data: (value) => typeof field(value, 'path') === 'string',
  holdout: (value) =>
    typeof field(value, 'share') === 'number' && typeof field(value, 'fingerprint') === 'string',
};

/** The settings in a trainer's notes, as JSON or parsed; other programs may keep anything in their place, which is left. */
export function settingsIn(notes: unknown): Trained | undefined {
  try {
    const { settings } = (typeof notes === 'string' ? JSON.parse(notes) : notes) as { settings: object };
    const kept = Object.entries(settings).filter(([name, value]) => forms[name as keyof Trained]?.(value));
    return Object.fromEntries(kept) as Trained;
  } catch {
    return undefined;
  }
}

export interface Classifier {
  readonly settings?: Trained;
  /** Of the images that it takes; a height or width that is not fixed is undefined. */
  readonly layout: Layout;
  readonly fixed: readonly [height: number | undefined, width: number | undefined];
  /** @throws (rejects) SaliencyMixError MODEL, CHECKPOINT */
  predict(images: Float32Array, count: number, size: readonly [number, number]): Promise<Predictions>;
  /**
   * The gradient of each image's own loss by its values; missing where the model's file is not of this package's networks.
   * @param labels n × classes
   */
  gradients?(
    images: Float32Array,
    labels: Float32Array,
    size: readonly [number, number],
  ): Promise<Float32Array>;
  close(): Promise<void>;
}
