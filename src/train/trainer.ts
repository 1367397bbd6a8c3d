/**
 * Trains a classifier: graphs of whole steps, run by ONNX Runtime in a thread of its own, which keeps the weights. While
 * a step runs, the JavaScript thread is free to load and mix the next batch.
 */
import * as check from '../check';
import type { Model } from '../models/model';
import { type Machine, type Results, startMachine, type Tensors } from '../onnx/machine';
import { writeWhole } from '../run/files';
import { plainNotes, readCheckpoint, writeCheckpoint } from './checkpoint';
import { compact, ratesOf, stackFeeds, zeros } from './feeds';
import { checkModel, checkParameters, checkTensors, modelOfCheckpoint } from './fits';
import { initialParameters } from './initial';
import { drawMasks } from './masks';
import {
  checkBatch,
  countImages,
  plainSettings,
  resolveTrainer,
  type TrainerOptions,
  type TrainerSettings,
} from './options';
import {
  gradientName,
  gradientProgram,
  type Program,
  predictionProgram,
  slotName,
  stepProgram,
  TIMES,
} from './programs';
import { readTensors, type Tensor, writeTensors } from './safetensors';
import { notFinite, takeTogether, Turns, type WaitingStep } from './steps';

export interface TrainingBatch {
  /** n × 3 × height × width, NCHW, n at most the trainer's batch. */
  images: Float32Array;
  /** Soft labels, n × classes. */
  labels: Float32Array;
}

export interface StepOptions extends TrainingBatch {
  learningRate: number;
}

export interface StepResult {
  /** Mean over the batch, before the update. */
  loss: number;
  /** n × classes, before the update. */
  logits: Float32Array;
}

export interface Gradients {
  loss: number;
  /** By name, in the shapes of the parameters. */
  parameters: Map<string, Float32Array>;
  /** n × 3 × height × width. */
  images: Float32Array;
}

const weightsOf = (results: Results): Map<string, Tensor> => new Map(Object.entries(results));

export class Trainer {
  readonly model: Model;
  readonly settings: TrainerSettings;
  /** Kept with checkpoints; plain JSON, for the program that trains. */
  notes: Record<string, unknown> = {};
  readonly #machine: Machine;
  /** Models of the machine, by what they do and for how many images. */
  readonly #programs = new Map<string, Promise<Omit<Program, 'bytes'>>>();
  #steps = 0;
  /** Steps since what the optimizer gathers was zero. */
  #updates = 0;
  readonly #turns = new Turns();
  /** Two files may be written to one place. */
  readonly #writes = new Turns();
  readonly #waiting: WaitingStep[] = [];
  /** Counts what was asked for besides steps. */
  #section = 0;

  private constructor(model: Model, settings: TrainerSettings) {
    this.model = model;
    this.settings = settings;
    this.#machine = startMachine();
  }

  /**
   * A trainer with weights drawn from the seed.
   * @throws (rejects) SaliencyMixError ARGUMENT for a wrong option; MODEL where the model cannot take such images, or
   *   onnxruntime-node is not installed
   */
  static async create(model: Model, options: TrainerOptions): Promise<Trainer> {
    const settings = resolveTrainer(options);
    checkModel(model, settings.image);
    const trainer = new Trainer(model, settings);
    try {
      await trainer.#begin(initialParameters(model.parameters, trainer.settings.seed));
    } catch (error) {
      await trainer.close();
      throw error;
    }
    return trainer;
  }

  /**
   * The trainer that `save` wrote, to go on with as if it had not stopped: with as many threads, unless told otherwise
   * (other bits, then). A `model` is needed where it was not made by createModel.
   * @throws (rejects) SaliencyMixError CHECKPOINT: not there, damaged, edited, not of this package, or of another model
   */
  static async resume(path: string, options: { threads?: number; model?: Model } = {}): Promise<Trainer> {
    const { threads, model } = check.options(options, ['threads', 'model'], 'resume options');
    const saved = await readCheckpoint(check.text(path, 'path'));
    const settings = resolveTrainer({ ...saved.trainer, threads: threads ?? saved.trainer.threads });
    if (model !== undefined) checkModel(model, settings.image);
    const trainer = new Trainer(modelOfCheckpoint(path, saved, model as Model | undefined), settings);
    trainer.notes = saved.notes;
    trainer.#steps = saved.counts.steps;
    trainer.#updates = saved.counts.updates;
    try {
      checkTensors(path, saved.tensors, [...trainer.model.parameters, ...trainer.#slotNames()]);
      await trainer.#begin(saved.tensors);
    } catch (error) {
      await trainer.close();
      throw error;
    }
    return trainer;
  }

  /** Steps done. */
  get steps(): number {
    return this.#steps;
  }

  async #begin(tensors: ReadonlyMap<string, Tensor>): Promise<void> {
    // Before any weight is sent: errors of the model's shapes, and a missing runtime, are known at once.
    await this.#program('step', this.settings.batch);
    await this.#machine.write(Object.fromEntries(tensors));
    const missing = this.#slotNames().filter(({ name }) => !tensors.has(name));
    await this.#machine.write(zeros(missing));
  }

  #slotNames(): { name: string; shape: readonly number[] }[] {
    const trained = this.model.parameters.filter((parameter) => parameter.trained);
    const { slots } = this.settings.optimizer;
    return trained.flatMap(({ name, shape }) => slots.map((slot) => ({ name: slotName(slot, name), shape })));
  }

  /** Compiles at the first use. */
  #program(kind: 'step' | 'gradients' | 'prediction', count: number): Promise<Omit<Program, 'bytes'>> {
    const key = programName(kind, count);
    let program = this.#programs.get(key);
    if (!program) {
      program = this.#compile(key, kind, count);
      this.#programs.set(key, program);
      program.catch(() => this.#programs.delete(key));
    }
    return program;
  }

  async #compile(key: string, kind: 'step' | 'gradients' | 'prediction', count: number) {
    const { model } = this;
    const { image, optimizer, threads, stepsPerRun } = this.settings;
    const shape = { count, image };
    const make = {
      step: () => stepProgram(model, shape, optimizer, { several: stepsPerRun > 1 }),
      gradients: () => gradientProgram(model, shape),
      prediction: () => ({ bytes: predictionProgram(model, shape), masks: [] }),
    };
    const { bytes, masks } = make[kind]();
    await this.#machine.add(key, bytes, threads);
    return { masks };
  }

  #feeds(
    { images, labels }: TrainingBatch,
    count: number,
    masks: Program['masks'],
    step = this.#steps,
  ): Tensors {
    const { image, seed } = this.settings;
    return {
      images: { data: compact(images), shape: [count, 3, ...image] },
      labels: { data: compact(labels), shape: [count, this.model.classes] },
      ...drawMasks(masks, seed, step),
    };
  }

  /**
   * One step of the optimizer on one batch. Steps that are asked for while one runs are done in their order; their arrays
   * must stay as they are until then. A step whose loss, or next weights, are not finite changes nothing.
   * @throws (rejects) SaliencyMixError ARGUMENT; TRAINING for what is not finite
   */
  async step(batch: StepOptions): Promise<StepResult> {
    const given = check.options(
      batch,
      ['images', 'labels', 'learningRate'],
      'step',
    ) as unknown as StepOptions;
    check.number(given.learningRate, 'learningRate', 0, Number.MAX_VALUE, 'open');
    const count = checkBatch(given, this.settings, this.model);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch: given, count, section: this.#section, resolve, reject });
      void this.#turns.take(() => this.#runWaiting());
    });
  }

  /** Runs the steps that wait longest and go together. Of a larger run's steps, the later ones find nothing left to do. */
  async #runWaiting(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const group = takeTogether(this.#waiting, this.settings.stepsPerRun);
    try {
      const done = await this.#runSteps(group);
      if (done === group.length) return;
      // A step that fails changes nothing: those before it are done again without it, those after it wait again.
      if (done > 0) await this.#runSteps(group.slice(0, done));
      this.#waiting.unshift(...group.slice(done + 1));
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  /** Gives how many steps are done. Where one fails it is told so, nothing has changed, and those before it are counted. */
  async #runSteps(group: readonly WaitingStep[]): Promise<number> {
    const [{ count }] = group;
    const { optimizer, stepsPerRun } = this.settings;
    const { masks } = await this.#program('step', count);
    const feeds = group.map(({ batch }, i) => ({
      ...this.#feeds(batch, count, masks, this.#steps + i),
      ...ratesOf(optimizer, batch.learningRate, this.#updates + 1 + i),
    }));
    const { loss, logits, health } = await this.#machine.run({
      model: programName('step', count),
      feeds: stepsPerRun > 1 ? stackFeeds(feeds, TIMES) : feeds[0],
      fetch: ['loss', 'logits', 'health'],
      guard: 'health',
    });
    const failed = health.data.findIndex((value) => !Number.isFinite(value));
    if (failed >= 0) {
      group[failed].reject(notFinite(this.#steps + failed + 1, loss.data[failed]));
      return failed;
    }
    this.#steps += group.length;
    this.#updates += group.length;
    const each = count * this.model.classes;
    group.forEach(({ resolve }, i) => {
      resolve({ loss: loss.data[i], logits: logits.data.slice(i * each, (i + 1) * each) });
    });
    return group.length;
  }

  /** Runs work that reads or changes the weights after all that was asked for before it. */
  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    this.#section++;
    return this.#turns.take(work);
  }

  /**
   * Gradients of the mean loss of a batch in training mode, without weight decay. Changes nothing.
   * @throws (rejects) SaliencyMixError ARGUMENT
   */
  async gradients(batch: TrainingBatch): Promise<Gradients> {
    const given = check.options(batch, ['images', 'labels'], 'gradients') as unknown as TrainingBatch;
    const count = checkBatch(given, this.settings, this.model);
    return this.#inOrder(() => this.#gradients(given, count));
  }

  async #gradients(batch: TrainingBatch, count: number): Promise<Gradients> {
    const { masks } = await this.#program('gradients', count);
    const names = this.model.parameters.filter(({ trained }) => trained).map(({ name }) => name);
    const results = await this.#machine.run({
      model: programName('gradients', count),
      feeds: this.#feeds(batch, count, masks),
      fetch: ['loss', 'images', ...names].map((name) => (name === 'loss' ? name : gradientName(name))),
    });
    const gradient = (name: string) => results[gradientName(name)].data;
    return {
      loss: results.loss.data[0],
      parameters: new Map(names.map((name) => [name, gradient(name)])),
      images: gradient('images'),
    };
  }

  /**
   * Logits in evaluation mode (running statistics, no dropout), n × classes, of any number of images (NCHW).
   * @throws (rejects) SaliencyMixError ARGUMENT
   */
  async predict(images: Float32Array): Promise<Float32Array> {
    const count = countImages(images, this.settings.image);
    return this.#inOrder(() => this.#predict(images, count));
  }

  async #predict(images: Float32Array, count: number): Promise<Float32Array> {
    const { batch, image } = this.settings;
    const { classes } = this.model;
    await this.#program('prediction', batch);
    const each = 3 * image[0] * image[1];
    const logits = new Float32Array(count * classes);
    for (let start = 0; start < count; start += batch) {
      const here = Math.min(batch, count - start);
      // Always whole batches: images do not see each other, so what fills up the last one does not matter.
      const data = new Float32Array(batch * each);
      data.set(images.subarray(start * each, (start + here) * each));
      const feeds = { images: { data, shape: [batch, 3, ...image] } };
      const model = programName('prediction', batch);
      const results = await this.#machine.run({ model, feeds, fetch: ['logits'] });
      logits.set(results.logits.data.subarray(0, here * classes), start * classes);
    }
    return logits;
  }

  /** All parameters and running statistics by PyTorch's names, in the model's order; copies. */
  parameters(): Promise<Map<string, Tensor>> {
    const names = this.model.parameters.map(({ name }) => name);
    return this.#inOrder(async () => weightsOf(await this.#machine.read(names)));
  }

  /**
   * Sets all parameters and running statistics; what the optimizer has gathered is cleared.
   * @throws (rejects) SaliencyMixError ARGUMENT for a name that is missing or unknown, another shape, or a value that is
   *   not finite
   */
  async load(
    parameters: ReadonlyMap<string, { data: Float32Array; shape: readonly number[] }>,
  ): Promise<void> {
    checkParameters(parameters, this.model);
    await this.#inOrder(async () => {
      await this.#machine.write(Object.fromEntries(parameters));
      await this.#machine.write(zeros(this.#slotNames()));
      this.#updates = 0;
    });
  }

  /**
   * Writes a checkpoint, from which `Trainer.resume` goes on to the same bits.
   * @throws (rejects) SaliencyMixError OUTPUT; an earlier checkpoint at that place then is as it was
   */
  async save(path: string): Promise<void> {
    check.text(path, 'path');
    const { model, settings } = this;
    const notes = plainNotes(this.notes);
    const names = [...model.parameters, ...this.#slotNames()].map(({ name }) => name);
    const { counts, tensors } = await this.#inOrder(async () => ({
      counts: { steps: this.#steps, updates: this.#updates },
      tensors: weightsOf(await this.#machine.read(names)),
    }));
    const { name, options } = model;
    const trainer = { ...plainSettings(settings) };
    await this.#writes.take(() =>
      writeCheckpoint(path, { model: { name, options }, trainer, counts, notes, tensors }),
    );
  }

  /**
   * Writes the model in evaluation mode as ONNX: `images` (n × 3 × height × width, float32) to `logits` (n × classes).
   * @throws (rejects) SaliencyMixError OUTPUT
   */
  async exportOnnx(path: string): Promise<void> {
    check.text(path, 'path');
    const weights = new Map([...(await this.parameters())].map(([name, { data }]) => [name, data]));
    const { name, options } = this.model;
    const metadata = {
      model: JSON.stringify({ name, options }),
      notes: JSON.stringify(plainNotes(this.notes)),
    };
    const shape = { count: 1, image: this.settings.image };
    const bytes = predictionProgram(this.model, shape, { weights, metadata });
    await this.#writes.take(() => writeWhole(path, bytes));
  }

  /**
   * Writes parameters and running statistics as safetensors, under torchvision's names.
   * @throws (rejects) SaliencyMixError OUTPUT
   */
  async exportSafetensors(path: string): Promise<void> {
    check.text(path, 'path');
    const file = { tensors: await this.parameters(), metadata: { format: 'pt' } };
    await this.#writes.take(() => writeTensors(path, file));
  }

  /**
   * `load` of a safetensors file of float32; PyTorch's counters `num_batches_tracked` are passed over.
   * @throws (rejects) SaliencyMixError CHECKPOINT, ARGUMENT
   */
  async loadSafetensors(path: string): Promise<void> {
    const isCounter = (name: string) => name.endsWith('.num_batches_tracked');
    const { tensors } = await readTensors(check.text(path, 'path'), isCounter);
    await this.load(tensors);
  }

  /** Ends the thread and frees its memory; what was asked before is still done. May be called twice. */
  close(): Promise<void> {
    return this.#inOrder(() => this.#machine.close());
  }
}

const programName = (kind: string, count: number) => `${kind} of ${count}`;
