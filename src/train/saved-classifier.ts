/**
 * Safetensors files as classifiers: checkpoints of this package, as they are or as another program has converted them, and
 * weights alone, where their names and shapes say which network they are of.
 */
import * as check from '../check';
import { SaliencyMixError } from '../errors';
import { hasShapes, modelOfShapes } from '../models/index';
import type { Model } from '../models/model';
import { isTooDeep } from '../nesting';
import { type OrtWorker, startOrtWorker } from '../onnx/ort-worker';
import { type CheckpointInfo, FORMAT } from './checkpoint';
import { type Classifier, type Predictions, settingsIn, type Trained } from './classifier';
import { exportedModel } from './graphs';
import { parseTrainer } from './options';
import { readTensors, type Tensor } from './safetensors';
import { Trainer } from './trainer';
import { checkClassifier, checkTensors, savedModel } from './validate';
import { networkIn, readWeights, wrapperOf } from './weights';

type Sides = readonly [height: number, width: number];
type Weights = ReadonlyMap<string, Tensor>;

const fault = (path: string, what: string, cause?: unknown) =>
  new SaliencyMixError('CHECKPOINT', `${path} ${what}`, { file: path, cause });

/** A trainer's network, as it is now. Closing it leaves the trainer open. */
export function classifierOf(trainer: Trainer): Classifier {
  const { classes } = trainer.model;
  return {
    settings: settingsIn(trainer.notes),
    layout: 'NCHW',
    fixed: trainer.settings.image,
    predict: async (images) => ({ data: await trainer.predict(images), classes }),
    gradients: (images, labels) => trainer.imageGradients({ images, labels }),
    close: async () => undefined,
  };
}

/** A checkpoint as it was written. */
async function openCheckpoint(path: string, threads: number): Promise<Classifier> {
  const trainer = await Trainer.resume(path, { threads });
  return { ...classifierOf(trainer), close: () => trainer.close() };
}

/** Weights of a network; made ready for the size of the first images. */
class WeightsClassifier implements Classifier {
  readonly layout = 'NCHW';
  readonly settings: Trained | undefined;
  readonly fixed: Classifier['fixed'];
  readonly #model: Model;
  readonly #weights: Weights;
  readonly #threads: number;
  readonly #worker: OrtWorker = startOrtWorker();
  #ready?: Promise<unknown>;
  /** For gradients, which the exported graph does not have; made when they are first asked for. */
  #trainer?: Promise<Trainer>;

  constructor({ model, weights, settings, image }: SavedWeights, threads: number) {
    this.#model = model;
    this.#weights = weights;
    this.#threads = threads;
    this.settings = settings;
    this.fixed = image ?? [undefined, undefined];
  }

  #prepare(image: Sides): Promise<unknown> {
    checkClassifier(this.#model, image);
    const weights = new Map([...this.#weights].map(([name, { data }]) => [name, data]));
    const bytes = exportedModel(this.#model, image, { weights, metadata: {} });
    return this.#worker.add('model', bytes, { threads: this.#threads });
  }

  async predict(images: Float32Array, count: number, size: Sides): Promise<Predictions> {
    await (this.#ready ??= this.#prepare(size));
    const inputs = { images: { data: images, shape: [count, 3, ...size] } };
    const { logits } = await this.#worker.run({ model: 'model', inputs, outputs: ['logits'] });
    return { data: logits.data, classes: this.#model.classes };
  }

  async #newTrainer(batch: number, image: Sides): Promise<Trainer> {
    const optimizer = { name: 'sgd' } as const;
    const trainer = await Trainer.create(this.#model, { batch, image, optimizer, threads: this.#threads });
    try {
      await trainer.load(this.#weights);
      return trainer;
    } catch (error) {
      await trainer.close();
      throw error;
    }
  }

  async gradients(images: Float32Array, labels: Float32Array, size: Sides): Promise<Float32Array> {
    const count = labels.length / this.#model.classes;
    const trainer = await (this.#trainer ??= this.#newTrainer(count, size));
    return trainer.imageGradients({ images, labels });
  }

  async close(): Promise<void> {
    await this.#worker.close();
    await (await this.#trainer?.catch(() => undefined))?.close();
  }
}

/** What a converted checkpoint says of itself; its checksum is of the numbers before, so anything may be there. */
function described(path: string, text: string): { model: Model; image: Sides; notes: unknown } {
  let info: CheckpointInfo;
  let image: Sides;
  try {
    info = JSON.parse(text) as CheckpointInfo;
    if (isTooDeep(info)) throw new Error('it is nested too deeply');
    ({ image } = parseTrainer(info.trainer));
    check.text(info.model.name, 'model');
  } catch (error) {
    throw fault(path, 'is damaged or was edited: it does not say of which network it is', error);
  }
  return { model: savedModel(path, info), image, notes: info.notes };
}

function checkFinite(path: string, weights: Weights): void {
  const wrong = [...weights].find(([, { data }]) => !data.every(Number.isFinite));
  if (!wrong) return;
  const why = 'it is damaged, or numbers were too large for the type that it was converted to';
  throw fault(path, `has values in ${wrong[0]} that are not finite: ${why}`);
}

/** The network that exported weights say they are of, where they have its shapes. */
function modelSaid(
  path: string,
  metadata: Readonly<Record<string, string>>,
  shapes: Parameters<typeof modelOfShapes>[0],
): Model | undefined {
  const said = networkIn(metadata);
  try {
    const model = said && savedModel(path, { model: said });
    return model && hasShapes(model, shapes) ? model : undefined;
  } catch {
    return undefined; // of a model from outside this package, or edited
  }
}

/** Weights of a network that this package has, and what their file says of their training. */
export interface SavedWeights {
  model: Model;
  weights: Weights;
  settings?: Trained;
  image?: Sides;
}

/**
 * What a safetensors file holds: a checkpoint as it was written, which a trainer goes on from, or weights.
 * @param otherwise what takes networks that are not known, for the message
 * @throws (rejects) SaliencyMixError CHECKPOINT: not there, damaged, or of a network that is not known
 */
export async function readSaved(path: string, otherwise: string): Promise<SavedWeights | 'checkpoint'> {
  const { metadata, dtypes } = await readTensors(path, () => true);
  const { format, info } = metadata;
  const isOurs = format === FORMAT && info !== undefined;
  const isWhole = wrapperOf(dtypes.keys()) === '' && [...dtypes.values()].every((dtype) => dtype === 'F32');
  if (isOurs && isWhole) return 'checkpoint';
  const { weights } = await readWeights(path);
  checkFinite(path, weights);
  if (isOurs) {
    const { model, image, notes } = described(path, info);
    checkTensors(path, weights, model.parameters);
    return { model, weights, settings: settingsIn(notes), image };
  }
  const shapes = new Map([...weights].map(([name, { shape }]) => [name, shape]));
  const model = modelSaid(path, metadata, shapes) ?? modelOfShapes(shapes);
  if (model) return { model, weights, settings: settingsIn(metadata.notes) };
  const names = [...weights.keys()].slice(0, 3).join(', ');
  throw fault(
    path,
    `is not a checkpoint of this package: it holds tensors (${names}, …), but not those of a network that this package has; ${otherwise}`,
  );
}

/** @throws (rejects) SaliencyMixError CHECKPOINT: not there, damaged, or of a network that is not known */
export async function openSaved(path: string, threads: number): Promise<Classifier> {
  const saved = await readSaved(path, 'evaluate takes such a network as ONNX (torch.onnx.export)');
  if (saved === 'checkpoint') return openCheckpoint(path, threads);
  return new WeightsClassifier(saved, threads);
}
