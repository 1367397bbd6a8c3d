/**
 * Trains a classifier. ONNX Runtime runs whole steps as graphs, in a thread that keeps the weights; meanwhile
 * the JavaScript thread is free to load and mix the next batch. This file checks arguments, keeps calls in
 * order, counts steps, and reads and writes files. runner.ts runs the graphs.
 */
import * as check from '../check';
import type { Model } from '../models/model';
import { chooseEngine, type EngineName } from '../onnx/engine';
import type { ProviderName } from '../onnx/ort-worker';
import { parse } from '../option';
import { writeWhole } from '../run/files';
import { emitWarning, firstOnly } from '../warning';
import { type ActivationMaps, activationMaps, type ActivationOptions, parseActivation } from './activation';
import type { Gradients, HiddenMixBatch, Images, StepOptions, StepResult, TrainingBatch } from './batch';
import { plainNotes, readCheckpoint, writeCheckpoint } from './checkpoint';
import { exportedModel } from './graphs';
import { type Arithmetic, engineToResume } from './engine';
import { initialParameters } from './initial';
import { lending } from './lent-images';
import {
  checkBatch,
  checkBeside,
  checkRows,
  countImages,
  parseTrainer,
  plainSettings,
  type ResumeOptions,
  resumeOptions,
  stepOptions,
  type TrainerOptions,
  type TrainerSettings,
  hiddenMixBatch,
  trainingBatch,
} from './options';
import { chooseProvider, engineOn } from './provider';
import { GraphRunner, slotsOf } from './runner';
import { type Tensor, writeTensors } from './safetensors';
import { SerialQueue } from './serial-queue';
import { inTurn, namedTensors, type StateTensor, weightsOf } from './state-tensors';
import { notFinite, notFiniteMaps, takeTogether, type WaitingStep } from './steps';
import { checkClassifier, checkParameters, checkTensors, savedModel, savedSettings } from './validate';
import { readWeights, warnOfScaling } from './weights';

/** Said once, since a process may make many trainers. */
const warnOfEngine = firstOnly(emitWarning);
const warnOfProvider = firstOnly(emitWarning);

export class Trainer {
  readonly model: Model;
  /** With all defaults; `engine` is the one that was chosen. */
  readonly settings: TrainerSettings;
  /** Data of your own, as plain JSON, that is saved in checkpoints and exported models. */
  notes: Record<string, unknown> = {};
  /** Level of the native engine's code, such as 'avx512'; undefined on the engine standard, and on graphics cards. */
  readonly level?: string;
  readonly #runner: GraphRunner;
  /** Why `auto` did not take the native engine. */
  readonly #notNative?: string;
  #saliencyTime = 0;
  #steps = 0;
  /** Steps since the optimizer's slots were last set to zero. */
  #updates = 0;
  /** Runs everything that reads or changes the weights in order. */
  readonly #calls = new SerialQueue();
  /** Writes files in order, since two calls may write to the same path. */
  readonly #writes = new SerialQueue();
  readonly #waiting: WaitingStep[] = [];
  /** Every call other than a step increases it: steps before and after such a call are not run together. */
  #barrierId = 0;

  private constructor(model: Model, settings: TrainerSettings, provider: ProviderName) {
    const chosen = chooseEngine(engineOn(provider) ?? settings.engine);
    this.model = model;
    this.settings = Object.freeze({ ...settings, provider, engine: chosen.engine });
    this.#notNative = chosen.reason;
    this.level = provider === 'cpu' ? chosen.level : undefined;
    this.#runner = new GraphRunner(model, settings, { ...chosen, provider, precision: settings.precision });
  }

  /**
   * A trainer with weights drawn from the seed.
   * @throws (rejects) SaliencyMixError ARGUMENT for a wrong option; MODEL where the model cannot take such images, or
   *   onnxruntime-node is not installed; BACKEND for an engine or a provider that cannot be had, and for WebGPU while another
   *   trainer uses it
   */
  static async create(model: Model, options: TrainerOptions): Promise<Trainer> {
    const settings = parseTrainer(options);
    checkClassifier(model, settings.image);
    const provider = await chooseProvider(settings, warnOfProvider);
    const trainer = new Trainer(model, settings, provider);
    try {
      await trainer.#begin(initialParameters(model.parameters, trainer.settings.seed));
    } catch (error) {
      await trainer.close();
      throw error;
    }
    return trainer;
  }

  /**
   * A trainer from a checkpoint of `save`, which goes on as if it had not been stopped. It has as many threads
   * as before unless `threads` is given; on the engine standard, another number gives other bits. It has the provider, the
   * engine and the form of convolutions as before unless `provider`, `engine` or `convolution` is given, or that engine
   * cannot be had: then a warning says so, since last digits may differ. A model that createModel did not make must be given.
   * @throws (rejects) SaliencyMixError CHECKPOINT: not there, damaged, edited, not of this package, or of
   *   another model; BACKEND where its provider cannot be had here
   */
  static async resume(path: string, options: ResumeOptions = {}): Promise<Trainer> {
    const { threads, profile, model, precision, ...asked } = parse(resumeOptions, options, 'resume options');
    const saved = await readCheckpoint(check.text(path, 'path'));
    const given = { ...saved.trainer, threads: threads ?? saved.trainer.threads, profile };
    const saying = savedSettings(path, given);
    const wanted = { provider: asked.provider ?? saying.provider, engine: asked.engine ?? 'auto', precision };
    const provider = await chooseProvider(wanted, warnOfProvider);
    const before = { ...saved.trainer, level: saved.arithmetic?.level };
    const engine = engineToResume(before, { ...asked, provider });
    const numbers = provider === 'cuda' ? (precision ?? saying.precision) : 'fp32';
    const settings = savedSettings(path, { ...given, ...engine, provider, precision: numbers });
    if (model !== undefined) checkClassifier(model, settings.image);
    const trainer = new Trainer(savedModel(path, saved, model), settings, provider);
    trainer.notes = saved.notes;
    trainer.#steps = saved.counts.steps;
    trainer.#updates = saved.counts.updates;
    try {
      checkTensors(path, saved.tensors, [...trainer.model.parameters, ...trainer.#slots()]);
      await trainer.#begin(namedTensors(saved.tensors));
    } catch (error) {
      await trainer.close();
      throw error;
    }
    return trainer;
  }

  /** What runs the graphs: 'native' or 'standard'. */
  get engine(): EngineName {
    return this.settings.engine as EngineName;
  }

  /** Where ONNX Runtime computes. */
  get provider(): string {
    return this.settings.provider;
  }

  /** What decides the last digits: engine, provider, and of the native engine how it computes convolutions and its level. */
  get arithmetic(): Arithmetic {
    const { engine, provider, level } = this;
    const { convolution, precision } = this.settings;
    if (provider === 'cuda') return { engine, provider, precision };
    return engine === 'native' ? { engine, provider, convolution, level } : { engine, provider };
  }

  /** Steps done, with those before a resume. */
  get steps(): number {
    return this.#steps;
  }

  /** Milliseconds that ONNX Runtime has worked for this trainer: between steps it waits. */
  get busy(): number {
    return this.#runner.busy;
  }

  /** How many of them `saliency` has taken. */
  get saliencyTime(): number {
    return this.#saliencyTime;
  }

  /** @param tensors slots that are not among them begin with zeros */
  async #begin(tensors: Iterable<StateTensor>): Promise<void> {
    // First of all, so that wrong shapes in the model, or a missing onnxruntime-node, are reported at once.
    await this.#runner.compile('step', this.settings.batch);
    if (this.#notNative !== undefined)
      warnOfEngine(`Training runs on the engine "${this.engine}". ${this.#notNative}`);
    await this.#runner.write(inTurn(this.#slots(), tensors));
  }

  #slots(): { name: string; shape: readonly number[] }[] {
    return slotsOf(this.model, this.settings.optimizer);
  }

  /**
   * One step of the optimizer on one batch. Calls need not wait for one another: steps are done in order. Do
   * not change the arrays until the promise settles. A step with a loss or next weights that are not finite
   * changes nothing.
   * @throws (rejects) SaliencyMixError ARGUMENT; TRAINING for what is not finite
   */
  async step(batch: StepOptions<Images>): Promise<StepResult> {
    const given = parse(stepOptions, batch, 'step') as StepOptions<Images>;
    const count = checkBatch(given, this.settings, this.model);
    checkBeside(given, count, this.settings, this.model);
    return lending(
      given,
      (held) =>
        new Promise((resolve, reject) => {
          this.#waiting.push({ batch: held, count, barrierId: this.#barrierId, resolve, reject });
          void this.#calls.add(() => this.#runWaiting());
        }),
    );
  }

  /**
   * Runs the steps at the front of the list that can run together. It is queued once per step. Where several
   * steps ran together, the calls that were queued for the others find fewer steps in the list, or none.
   */
  async #runWaiting(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const group = takeTogether(this.#waiting, this.#runner.stepsPerRun);
    try {
      const done = await this.#runSteps(group);
      if (done === group.length) return;
      // A failed step has undone the whole run. The steps before it run again, without it; those after it wait
      // again.
      if (done > 0) await this.#runSteps(group.slice(0, done));
      this.#waiting.unshift(...group.slice(done + 1));
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  /**
   * Runs steps together and gives their number. If one fails, it rejects that one and gives the number of steps
   * before it; then no weight has changed and no step is counted.
   */
  async #runSteps(group: readonly WaitingStep[]): Promise<number> {
    const [{ count }] = group;
    const batches = group.map(({ batch }) => batch);
    const counts = { steps: this.#steps, updates: this.#updates };
    const { loss, logits, finiteCheck } = await this.#runner.steps(batches, count, counts);
    const failed = finiteCheck.findIndex((value) => !Number.isFinite(value));
    if (failed >= 0) {
      group[failed].reject(notFinite(this.#steps + failed + 1, loss[failed]));
      return failed;
    }
    this.#steps += group.length;
    this.#updates += group.length;
    const each = count * this.model.classes;
    group.forEach(({ resolve }, i) => {
      resolve({ loss: loss[i], logits: logits.slice(i * each, (i + 1) * each) });
    });
    return group.length;
  }

  /** Queues work that reads or changes the weights, after everything that was asked for before. */
  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    this.#barrierId++;
    return this.#calls.add(work);
  }

  /**
   * Gradients of the mean loss of a batch in training mode (with the next step's dropout, and DropBlock as at the end of a
   * run), without weight decay. Changes nothing.
   * @throws (rejects) SaliencyMixError ARGUMENT
   */
  async gradients(batch: HiddenMixBatch<Images>): Promise<Gradients> {
    const given = parse(hiddenMixBatch, batch, 'gradients') as HiddenMixBatch<Images>;
    const count = checkBatch(given, this.settings, this.model);
    return lending(given, (held) => this.#inOrder(() => this.#runner.gradients(held, count, this.#steps)));
  }

  /**
   * How much the mean loss of a batch depends on each pixel, n × height × width, in evaluation mode: √ of the mean over channels
   * of its squared gradient by the normalised images (the saliency of PuzzleMix, Kim et al., ICML 2020). Changes nothing.
   * @throws (rejects) SaliencyMixError ARGUMENT; TRAINING where the gradient is not finite
   */
  async saliency(batch: TrainingBatch<Images>): Promise<Float32Array> {
    const given = parse(trainingBatch, batch, 'saliency') as TrainingBatch<Images>;
    const count = checkBatch(given, this.settings, this.model);
    return lending(given, (held) =>
      this.#inOrder(async () => {
        const before = this.#runner.busy;
        const maps = await this.#runner.saliency(held, count);
        this.#saliencyTime += this.#runner.busy - before;
        if (!maps.every(Number.isFinite)) throw notFiniteMaps();
        return maps;
      }),
    );
  }

  /**
   * The gradient of each image's own loss by its normalised values, n × 3 × height × width, in evaluation mode, of any number
   * of images: what attacks on the network follow. Changes nothing.
   * @throws (rejects) SaliencyMixError ARGUMENT
   */
  async imageGradients(batch: TrainingBatch): Promise<Float32Array> {
    const given = parse(trainingBatch, batch, 'imageGradients') as TrainingBatch;
    const count = countImages(given.images, this.settings.image);
    checkRows(given.labels, count, this.model);
    return this.#inOrder(() => this.#runner.imageGradients(given, count));
  }

  /**
   * Logits in evaluation mode (running statistics, no dropout), n × classes, of any number of images (NCHW).
   * @throws (rejects) SaliencyMixError ARGUMENT
   */
  async predict(images: Float32Array): Promise<Float32Array> {
    const count = countImages(images, this.settings.image);
    return this.#inOrder(() => this.#runner.predict(images, count));
  }

  /**
   * Class activation maps of any number of images (NCHW) in evaluation mode: where in each the network sees a class. CAM (Zhou et
   * al., CVPR 2016) or Grad-CAM (Selvaraju et al., ICCV 2017), as large as the features. Changes nothing.
   * @throws (rejects) SaliencyMixError ARGUMENT; MODEL where the model has no such end or stage; TRAINING for maps that are not
   *   finite
   */
  async activationMaps(options: ActivationOptions): Promise<ActivationMaps> {
    const asked = parseActivation(options, this.settings, this.model);
    return this.#inOrder(() => activationMaps(this.#runner, asked, this.settings, this.model));
  }

  /** Copies of all parameters and running statistics, by name, in the model's order. */
  parameters(): Promise<Map<string, Tensor>> {
    const names = this.model.parameters.map(({ name }) => name);
    return this.#inOrder(async () => weightsOf(await this.#runner.read(names)));
  }

  /**
   * Sets all parameters and running statistics, and the optimizer's slots to zero. Do not change the arrays until the
   * promise settles.
   * @throws (rejects) SaliencyMixError ARGUMENT for a name that is missing or unknown, another shape, or a
   *   value that is not finite
   */
  async load(
    parameters: ReadonlyMap<string, { data: Float32Array; shape: readonly number[] }>,
  ): Promise<void> {
    checkParameters(parameters, this.model);
    await this.#inOrder(async () => {
      await this.#runner.write([...namedTensors(parameters), ...this.#slots()]);
      this.#updates = 0;
    });
  }

  /**
   * Writes a checkpoint. After `Trainer.resume`, training goes on with the same bits.
   * @throws (rejects) SaliencyMixError OUTPUT; an earlier checkpoint at that path is then unchanged
   */
  async save(path: string): Promise<void> {
    check.text(path, 'path');
    const { model, settings } = this;
    const notes = plainNotes(this.notes);
    const names = [...model.parameters, ...this.#slots()].map(({ name }) => name);
    const { counts, tensors } = await this.#inOrder(async () => ({
      counts: { steps: this.#steps, updates: this.#updates },
      tensors: weightsOf(await this.#runner.read(names)),
    }));
    const { name, options } = model;
    const trainer = { ...plainSettings(settings) };
    const { arithmetic } = this;
    await this.#writes.add(() =>
      writeCheckpoint(path, { model: { name, options }, trainer, arithmetic, counts, notes, tensors }),
    );
  }

  /**
   * Writes the model in evaluation mode as ONNX: `images` (n × 3 × height × width, float32) to `logits` (n × classes).
   * @throws (rejects) SaliencyMixError OUTPUT
   */
  async exportOnnx(path: string): Promise<void> {
    check.text(path, 'path');
    const weights = new Map([...(await this.parameters())].map(([name, { data }]) => [name, data]));
    const metadata = this.#described();
    const bytes = exportedModel(this.model, this.settings.image, { weights, metadata });
    await this.#writes.add(() => writeWhole(path, bytes));
  }

  /** What exported files say of the network and of its training. */
  #described(): Record<string, string> {
    const { name, options } = this.model;
    return { model: JSON.stringify({ name, options }), notes: JSON.stringify(plainNotes(this.notes)) };
  }

  /**
   * Writes parameters and running statistics as safetensors, with PyTorch's names. With stochastic depth whose branches are scaled in
   * evaluation (stochasticDepthScale "test"), a network of another program has to scale them, too: no weight does it.
   * @throws (rejects) SaliencyMixError OUTPUT
   */
  async exportSafetensors(path: string): Promise<void> {
    check.text(path, 'path');
    const file = { tensors: await this.parameters(), metadata: { format: 'pt', ...this.#described() } };
    await this.#writes.add(() => writeTensors(path, file));
  }

  /**
   * Does `load` with a safetensors file of float32, float16 or bfloat16. PyTorch's counters `num_batches_tracked`
   * in it are ignored, and the prefix `module.` of DataParallel is taken off, with a warning. Warns, too, where the file's network
   * scales its branches otherwise (`stochasticDepthScale`).
   * @throws (rejects) SaliencyMixError CHECKPOINT, ARGUMENT
   */
  async loadSafetensors(path: string): Promise<void> {
    const names = this.model.parameters.map(({ name }) => name);
    const { weights, metadata } = await readWeights(check.text(path, 'path'), names);
    await this.load(weights);
    warnOfScaling(path, metadata, this.model);
  }

  /** Ends the thread and frees its memory, after everything that was asked for before. May be called twice. */
  close(): Promise<void> {
    return this.#inOrder(() => this.#runner.close());
  }
}
