/**
 * Runs the graphs of one trainer in a worker thread, which keeps the weights. A graph is compiled when it is
 * first used. The order of runs, the count of steps, and files are the work of trainer.ts.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sizeOf } from '../graph/graph';
import type { Model } from '../models/model';
import type { ChosenEngine } from '../onnx/engine';
import {
  NEXT,
  type OrtWorker,
  type Results,
  type Precision,
  type ProviderName,
  startOrtWorker,
  type Tensors,
} from '../onnx/ort-worker';
import { writing } from '../run/files';
import { activationGraph, type ActivationKind, MAPS, PICKS } from './activation-graph';
import type { Gradients, HiddenMixBatch, StepOptions, TrainingBatch } from './batch';
import { drawDropoutMasks } from './dropout-masks';
import {
  BESIDE,
  gradientGraph,
  gradientName,
  imageGradientGraph,
  type BatchShape,
  type Card,
  type GraphForm,
  isForCard,
  isOfOnnx,
  parametersKeptLast,
  predictionGraph,
  saliencyGraph,
  READ,
  slotName,
  stepGraph,
  TIMES,
  type TrainerGraph,
  transferGraph,
} from './graphs';
import { hiddenInputs, mixedLabels } from './hidden-mix';
import { inParts, type Rows } from './in-parts';
import { optimizerScalars, randomInput, stackInputs } from './inputs';
import { type GivenBatch, layoutOf, lentInputs } from './lent-images';
import type { TrainerSettings } from './options';
import { shapeLast, toFirst, toLast } from './state-layout';
import type { StateTensor } from './state-tensors';

/** place, fetch: all state onto the graphics card, and from it. */
type Kind =
  | 'step'
  | 'gradients'
  | 'saliency'
  | 'image gradients'
  | 'activation'
  | 'prediction'
  | 'place'
  | 'fetch';

type Variant = Pick<BatchShape, 'layout' | 'mixedStage' | 'beside'> & { activation?: ActivationKind };

const graphName = (
  kind: Kind,
  count: number,
  { layout = 'NCHW', mixedStage, beside, activation: { method, stage } = { method: 'cam' } }: Variant = {},
) =>
  [
    `${kind} of ${count}`,
    ...(layout === 'NCHW' ? [] : [layout]),
    ...(mixedStage === undefined ? [] : [`mixed after ${mixedStage}`]),
    ...(beside ? ['beside others'] : []),
    ...(kind === 'activation' ? [method] : []),
    ...(stage === undefined ? [] : [`at ${stage}`]),
  ].join(' ');

const variantOf = (batch: GivenBatch<HiddenMixBatch>): Variant => ({
  layout: layoutOf(batch),
  mixedStage: batch.hidden?.stage,
  beside: batch.beside !== undefined,
});

/** Names and shapes of what an optimizer keeps for a model's parameters. */
export const slotsOf = (
  { parameters }: Model,
  { slots }: TrainerSettings['optimizer'],
): { name: string; shape: readonly number[] }[] =>
  parameters
    .filter(({ trained }) => trained)
    .flatMap(({ name, shape }) => slots.map((slot) => ({ name: slotName(slot, name), shape })));

/** Steps done, and steps since the optimizer's slots were last set to zero. */
export interface StepCounts {
  steps: number;
  updates: number;
}

/** Where, and with which numbers. */
export interface Place {
  provider: ProviderName;
  precision: Precision;
}

export class GraphRunner {
  readonly #model: Model;
  readonly #settings: TrainerSettings;
  readonly #worker: OrtWorker;
  readonly #form: GraphForm;
  /** Names of the parameters that the engine keeps as h×w×C×O, once they have been asked for. */
  #keptLast?: ReadonlySet<string>;
  /** The graphs that are compiled, by name. */
  readonly #graphs = new Map<string, Promise<Pick<TrainerGraph, 'dropoutMasks'>>>();

  /** @param library of the native engine */
  constructor(
    model: Model,
    settings: TrainerSettings,
    { library, provider, precision }: Pick<ChosenEngine, 'library'> & Place,
  ) {
    this.#model = model;
    this.#settings = settings;
    const onProcessor = library === undefined ? 'plain' : settings.convolution;
    this.#form = provider === 'cpu' ? onProcessor : provider;
    this.#worker = startOrtWorker({ library, provider, precision });
  }

  /**
   * Largest number of steps in one run: where weights stay where they are, in native memory or on a graphics card, nothing
   * is gained by more.
   */
  get stepsPerRun(): number {
    return this.#form === 'plain' ? this.#settings.stepsPerRun : 1;
  }

  /** Compiles the graph of a kind for `count` images, if that is not done yet. */
  compile(kind: Kind, count: number, variant: Variant = {}): Promise<Pick<TrainerGraph, 'dropoutMasks'>> {
    const name = graphName(kind, count, variant);
    let graph = this.#graphs.get(name);
    if (!graph) {
      const { activation, ...form } = variant;
      graph = this.#add(name, kind, { count, image: this.#settings.image, ...form }, activation);
      this.#graphs.set(name, graph);
      graph.catch(() => this.#graphs.delete(name));
    }
    return graph;
  }

  async #add(name: string, kind: Kind, shape: BatchShape, activation: ActivationKind = { method: 'cam' }) {
    const model = this.#model;
    const { optimizer, threads, profile } = this.#settings;
    const form = this.#form;
    const state = () => [...model.parameters, ...slotsOf(model, optimizer)];
    const make = {
      step: () => stepGraph(model, shape, optimizer, { several: this.stepsPerRun > 1, form }),
      gradients: () => gradientGraph(model, shape, form),
      saliency: () => saliencyGraph(model, shape, form),
      activation: () => activationGraph(model, shape, activation, form),
      'image gradients': () => imageGradientGraph(model, shape, form),
      prediction: () => predictionGraph(model, shape, form),
      place: () => transferGraph(state(), NEXT, form as Card),
      fetch: () => transferGraph(state(), READ, form as Card),
    };
    const { bytes, dropoutMasks, outputs } = make[kind]();
    if (profile !== undefined) await writing(profile, () => mkdir(profile, { recursive: true }));
    const path = profile && join(profile, name.replaceAll(' ', '-'));
    await this.#worker.add(name, bytes, { threads, profile: path, outputs });
    return { dropoutMasks };
  }

  /** A batch as inputs of a run, but for images that are lent. */
  #given({ images, labels, beside }: GivenBatch, count: number): Tensors {
    const { image } = this.#settings;
    const ofImages = (data: GivenBatch['images'], name: string) =>
      'loan' in data ? {} : { [name]: { data, shape: [count, 3, ...image] } };
    const ofLabels = (data: Float32Array) => ({ data, shape: [count, this.#model.classes] });
    return {
      ...ofImages(images, 'images'),
      labels: ofLabels(labels),
      ...(beside && {
        ...ofImages(beside.images, BESIDE.images),
        [BESIDE.labels]: ofLabels(beside.labels),
        [BESIDE.weight]: { data: Float32Array.of(beside.weight), shape: [] },
      }),
    };
  }

  /** The same with what is drawn for a step. */
  #inputs(
    batch: GivenBatch<HiddenMixBatch>,
    count: number,
    dropoutMasks: TrainerGraph['dropoutMasks'],
    { step, progress = 1 }: { step: number; progress?: number },
  ): Tensors {
    const { seed } = this.#settings;
    const { hidden } = batch;
    const labels = mixedLabels(batch.labels, hidden, this.#model.classes);
    return {
      ...this.#given({ ...batch, labels }, count),
      ...(hidden && hiddenInputs(hidden)),
      ...drawDropoutMasks(
        dropoutMasks,
        { seed, step, progress },
        this.#form === 'webgpu' ? Float32Array : Uint8Array,
      ),
      ...(isOfOnnx(this.#form) ? {} : randomInput(seed, step)),
    };
  }

  /**
   * Makes one step of the optimizer on each batch, in one run; all batches have `count` images. If any step
   * would give values that are not finite, no weight is changed. The results have one loss and one finiteCheck
   * per step, and the logits of all steps one after another.
   */
  async steps(
    batches: readonly GivenBatch<StepOptions>[],
    count: number,
    { steps, updates }: StepCounts,
  ): Promise<Record<'loss' | 'logits' | 'finiteCheck', Float32Array>> {
    const { optimizer, image } = this.#settings;
    const variant = variantOf(batches[0]);
    const { dropoutMasks } = await this.compile('step', count, variant);
    const inputs = batches.map((batch, i) => ({
      ...this.#inputs(batch, count, dropoutMasks, { step: steps + i, progress: batch.progress }),
      ...optimizerScalars(optimizer, batch.learningRate, updates + 1 + i),
    }));
    const { loss, logits, finiteCheck } = await this.#worker.run({
      model: graphName('step', count, variant),
      inputs: this.stepsPerRun > 1 ? stackInputs(inputs, TIMES) : inputs[0],
      lent: lentInputs(batches[0], count, image),
      outputs: ['loss', 'logits', 'finiteCheck'],
      guard: 'finiteCheck',
    });
    return { loss: loss.data, logits: logits.data, finiteCheck: finiteCheck.data };
  }

  /** Gradients of a batch of `count` images, with the dropout masks of step number `step`. */
  async gradients(batch: GivenBatch<HiddenMixBatch>, count: number, step: number): Promise<Gradients> {
    const variant = variantOf(batch);
    const { dropoutMasks } = await this.compile('gradients', count, variant);
    const names = this.#model.parameters.filter(({ trained }) => trained).map(({ name }) => name);
    const results = await this.#worker.run({
      model: graphName('gradients', count, variant),
      inputs: this.#inputs(batch, count, dropoutMasks, { step }),
      lent: lentInputs(batch, count, this.#settings.image),
      outputs: ['loss', ...['images', ...names].map(gradientName)],
    });
    const gradient = (name: string) => results[gradientName(name)].data;
    return {
      loss: results.loss.data[0],
      parameters: new Map(names.map((name) => [name, gradient(name)])),
      images: gradient('images'),
    };
  }

  /** How much the loss depends on each pixel of `count` images, in evaluation mode: count × height × width. */
  async saliency(batch: GivenBatch, count: number): Promise<Float32Array> {
    const variant = variantOf(batch);
    await this.compile('saliency', count, variant);
    const { saliency } = await this.#worker.run({
      model: graphName('saliency', count, variant),
      inputs: this.#given(batch, count),
      lent: lentInputs(batch, count, this.#settings.image),
      outputs: ['saliency'],
    });
    return saliency.data;
  }

  /** Logits of `count` images, in evaluation mode; at most `batch` in one run. */
  async predict(images: Float32Array, count: number, batch = this.#settings.batch): Promise<Float32Array> {
    const rows = { images: this.#rowsOf(images) };
    const { logits } = await this.#inParts('prediction', rows, { count, batch }, ['logits']);
    return logits.data;
  }

  /** The gradient of each image's own loss by its values, in evaluation mode. */
  async imageGradients({ images, labels }: TrainingBatch, count: number): Promise<Float32Array> {
    const { batch } = this.#settings;
    const rows = { images: this.#rowsOf(images), labels: { data: labels, shape: [this.#model.classes] } };
    const output = gradientName('images');
    return (await this.#inParts('image gradients', rows, { count, batch }, [output]))[output].data;
  }

  /** Class activation maps of `count` images, count × h × w, and their logits. `picks` has a 1 for the class of each. */
  async activation(
    images: Float32Array,
    picks: Float32Array,
    count: number,
    activation: ActivationKind,
  ): Promise<{ maps: Float32Array; shape: number[]; logits: Float32Array }> {
    const batch = Math.min(count, this.#settings.batch);
    const rows = { images: this.#rowsOf(images), [PICKS]: { data: picks, shape: [this.#model.classes] } };
    const outputs = [MAPS, 'logits'];
    const found = await this.#inParts('activation', rows, { count, batch }, outputs, { activation });
    return { maps: found[MAPS].data, shape: found[MAPS].shape, logits: found.logits.data };
  }

  #rowsOf(images: Float32Array) {
    return { data: images, shape: [3, ...this.#settings.image] };
  }

  async #inParts(
    kind: Kind,
    rows: Rows,
    sizes: { count: number; batch: number },
    outputs: readonly string[],
    variant?: Variant,
  ): Promise<Results> {
    await this.compile(kind, sizes.batch, variant);
    const model = graphName(kind, sizes.batch, variant);
    return inParts(rows, { ...sizes, outputs }, (inputs) => this.#worker.run({ model, inputs, outputs }));
  }

  /** Copies of weights, statistics or the optimizer's slots, by name. */
  async read(names: readonly string[]): Promise<Results> {
    if (isForCard(this.#form)) return this.#fetch(names);
    const kept = Object.entries(await this.#worker.read(names));
    return Object.fromEntries(
      kept.map(([name, tensor]) => [name, this.#isKeptLast(name) ? toFirst(tensor) : tensor]),
    );
  }

  async #fetch(names: readonly string[]): Promise<Results> {
    await this.compile('fetch', 1);
    const model = graphName('fetch', 1);
    const outputs = names.map((name) => READ + name);
    const results = await this.#worker.run({ model, inputs: {}, outputs });
    return Object.fromEntries(names.map((name) => [name, results[READ + name]]));
  }

  /** Sets weights, statistics or the optimizer's slots; those without data to zero. The first time, all of them. */
  async write(tensors: Iterable<StateTensor>): Promise<void> {
    // The same memory goes to the thread and back for each: copies of their own would wait for the garbage collector.
    let memory = new Float32Array(Math.max(...this.#model.parameters.map(({ shape }) => sizeOf(shape))));
    for (const { name, shape, data } of tensors) {
      const isLast = this.#isKeptLast(name);
      const values = memory.subarray(0, sizeOf(shape));
      if (data === undefined) values.fill(0);
      else if (isLast) toLast(data, shape, values);
      else values.set(data);
      memory = await this.#worker.write(name, values, isLast ? shapeLast(shape) : shape);
    }
    if (!isForCard(this.#form)) return;
    await this.compile('place', 1);
    await this.#worker.run({ model: graphName('place', 1), inputs: {}, outputs: [] });
  }

  /** Of a parameter, or of a slot of one. */
  #isKeptLast(name: string): boolean {
    if (isOfOnnx(this.#form) || isForCard(this.#form)) return false;
    const { batch, image } = this.#settings;
    this.#keptLast ??= parametersKeptLast(this.#model, { count: batch, image });
    return this.#keptLast.has(name.slice(name.lastIndexOf('/') + 1));
  }

  /** Milliseconds that runs have taken, in all. */
  get busy(): number {
    return this.#worker.busy;
  }

  /** Ends the thread, after everything that was asked of it before. */
  close(): Promise<void> {
    return this.#worker.close();
  }
}
