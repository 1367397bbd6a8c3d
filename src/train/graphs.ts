/** The graphs of a trainer: a step, gradients only, prediction. Each has a fixed number and size of images. */
import { SaliencyMixError } from '../errors';
import { backward } from '../graph/backward';
import { softmaxCrossEntropy } from '../graph/composites';
import { gradients } from '../graph/gradients';
import { Graph, type Node, type Value } from '../graph/graph';
import { oihw } from '../graph/lowering/layouts';
import { convolutionWeights, lower, type Pattern } from '../graph/lowering/lower';
import { nativeGradients } from '../graph/lowering/native-gradients';
import { type ConvolutionForm, update, type UpdateTensors } from '../graph/native-ops';
import { encodeLoop, encodeModel } from '../graph/onnx';
import { add, concat, identity, mul, reduceMean, reduceSum, reshape, sqrt, transpose } from '../graph/ops';
import type { Optimizer } from '../graph/optimizers';
import { makerOf, readsLast, savingMemory } from '../graph/run-order';
import { logitsOf, type Model } from '../models/model';
import { type DropoutMask, Net, type Parameter } from '../models/net';
import { NEXT, OVER } from '../onnx/ort-worker';
import { version } from '../run/environment';
import type { Layout } from '../types';

/** Number and size of the images in a batch. */
export interface BatchShape {
  count: number;
  image: readonly [height: number, width: number];
  /** How the input of images is arranged; NCHW unless given. */
  layout?: Layout;
  /** The model's stage after which images are mixed with one another, in training mode. */
  mixedStage?: string;
  /** Whether the loss of as many other images is added, by a weight. */
  beside?: boolean;
}

/** Names of the inputs of those. */
export const BESIDE = { images: 'beside/images', labels: 'beside/labels', weight: 'beside/weight' };

export interface TrainerGraph {
  /** An ONNX model. */
  bytes: Uint8Array;
  /** Names of its outputs. */
  outputs: readonly string[];
  /** Inputs that must be drawn for every run. A mask's position here is part of its random numbers' address. */
  dropoutMasks: readonly DropoutMask[];
}

/** Name of the tensor that the optimizer keeps for a parameter. */
export const slotName = (slot: string, parameter: string): string => `optimizer/${slot}/${parameter}`;
/** Name of the input with the number of steps, in a graph of several steps. */
export const TIMES = 'times';
/** Name of the input of one of the optimizer's scalars. */
export const scalarName = (scalar: string): string => `scalar/${scalar}`;

/**
 * The form of a trainer's graphs: of ONNX's operators alone, for the processor (plain) or for WebGPU; or with operators that
 * only the native engine knows, for CUDA, or for the processor with its convolutions in one of two forms.
 */
export type GraphForm = 'plain' | Card | ConvolutionForm;

/** The provider of a graphics card that a graph is for. */
export type Card = 'webgpu' | 'cuda';

export const isForCard = (form: GraphForm): form is Card => form === 'webgpu' || form === 'cuda';
export const isOfOnnx = (form: GraphForm): form is 'plain' | 'webgpu' =>
  form === 'plain' || form === 'webgpu';

interface Forward {
  graph: Graph;
  /** Those that are trained; `isLast`: the value is h×w×C×O, not O×C×h×w. */
  parameters: { parameter: Parameter; value: Value; isLast: boolean }[];
  /** The values of statistics after the step, by name. */
  updates: Map<string, Value>;
  dropoutMasks: readonly DropoutMask[];
  images: Value;
  logits: Value;
  loss: Value;
  /** The gradient table for this form. */
  rules: typeof gradients;
}

/**
 * Checks that a graph asked for exactly the parameters of the model, which are those that are drawn, saved and
 * loaded.
 */
function checkSameParameters({ name, parameters }: Model, net: Net): void {
  const described = (one: Pick<Parameter, 'name' | 'shape'>) =>
    `${one.name} of shape [${one.shape.join(', ')}]`;
  const known = new Set(parameters.map(described));
  const asked = new Set([...net.parameters.values()].map(({ parameter }) => described(parameter)));
  const other = [...asked].find((one) => !known.has(one));
  const missing = [...known].find((one) => !asked.has(one));
  if (other === undefined && missing === undefined) return;
  const what = other ? `asks for ${other}, which it did not` : `does not ask for ${missing}, which it did`;
  const where = `in ${net.mode === 'train' ? 'training' : 'evaluation'} mode, for these images`;
  throw new SaliencyMixError('MODEL', `The model ${name} ${what} when it was defined, ${where}`);
}

/** The images as networks take them, NCHW. */
function imagesOf(graph: Graph, { count, image, layout }: BatchShape, name = 'images'): Value {
  if (layout !== 'NHWC') return graph.input(name, [count, 3, ...image]);
  return transpose(graph.input(name, [count, ...image, 3]), [0, 3, 1, 2]);
}

/** Adds the loss of other images, through the same parameters; their statistics are those after the images'. */
function addBeside(model: Model, shape: BatchShape, first: Net, loss: Value): { net: Net; loss: Value } {
  const { graph } = first;
  const net = new Net(graph, 'train', { after: first });
  const logits = logitsOf(model, net, imagesOf(graph, shape, BESIDE.images));
  const labels = graph.input(BESIDE.labels, [shape.count, model.classes]);
  const weight = graph.input(BESIDE.weight, []);
  return { net, loss: add(loss, mul(softmaxCrossEntropy(logits, labels), weight)) };
}

/** The plain graph from images to logits. */
export function build(model: Model, shape: BatchShape, mode: Net['mode'], form: GraphForm = 'plain') {
  const graph = new Graph(isForCard(form) ? form : 'cpu');
  const net = new Net(graph, mode, { mixedStage: mode === 'train' ? shape.mixedStage : undefined });
  const images = imagesOf(graph, shape);
  const logits = logitsOf(model, net, images);
  checkSameParameters(model, net);
  return { graph, net, images, logits };
}

/** Names of the parameters that the native form keeps as h×w×C×O, for convolutions. */
export const parametersKeptLast = (model: Model, shape: BatchShape): ReadonlySet<string> =>
  convolutionWeights(build(model, shape, 'train').graph);

function forward(
  model: Model,
  shape: BatchShape,
  form: GraphForm,
  without?: ReadonlySet<Pattern>,
  mode: Net['mode'] = 'train',
): Forward {
  const { graph, net, images, logits } = build(model, shape, mode, isOfOnnx(form) ? form : 'plain');
  const labels = graph.input('labels', [shape.count, model.classes]);
  const own = softmaxCrossEntropy(logits, labels);
  const both = mode === 'train' && shape.beside ? addBeside(model, shape, net, own) : undefined;
  const loss = both?.loss ?? own;
  const { updates } = both?.net ?? net;
  const dropoutMasks = [...net.dropoutMasks, ...(both?.net.dropoutMasks ?? [])];
  const trained = [...net.parameters.values()].filter(({ parameter }) => parameter.trained);
  if (isOfOnnx(form)) {
    const parameters = trained.map((one) => ({ ...one, isLast: false }));
    return { graph, parameters, updates, dropoutMasks, images, logits, loss, rules: gradients };
  }
  const keptLast = form === 'cuda' ? new Set<string>() : convolutionWeights(graph);
  const maskNumbers = new Map(dropoutMasks.map(({ name, number }) => [name, number]));
  const kept = [logits, loss, ...updates.values()];
  const lowered = lower(graph, { kept, keptLast, maskNumbers, convolution: form, without });
  const { of } = lowered;
  const parameters = trained.map(({ parameter, value }) => ({
    parameter,
    value: lowered.input(value),
    isLast: keptLast.has(parameter.name),
  }));
  return {
    graph: lowered.graph,
    parameters,
    updates: new Map([...updates].map(([name, value]) => [name, of(value)])),
    // The others are drawn where they are used.
    dropoutMasks: dropoutMasks.filter(({ name }) =>
      lowered.graph.inputs.some((input) => input.name === name),
    ),
    images: of(images),
    logits: of(logits),
    loss: of(loss),
    rules: nativeGradients,
  };
}

/**
 * A scalar that is finite only if all values are finite: the sum of all their elements. On a graphics card, where one group
 * of threads would make the sum of a whole tensor, the rows are summed first.
 */
function finiteCheckOf(values: readonly Value[]): Value {
  const sums = values.map((value) => {
    const axes = value.shape.map((_, axis) => axis);
    const summed = value.graph.target === 'webgpu' ? axes.slice(1) : axes;
    const sum = summed.length > 0 ? reduceSum(value, summed, false) : value;
    return sum.shape.length === 1 ? sum : reshape(sum, [1]);
  });
  return reduceSum(concat(sums, 0), [0], false);
}

/** The optimizer's scalars as inputs, and for weights of a rank with that rank: see `ranked` of ops/append.ts. */
function scalarsByRank(graph: Graph, { scalars }: Optimizer): (rank: number) => readonly Value[] {
  const inputs = scalars.map((scalar) => graph.input(scalarName(scalar), []));
  const byRank = new Map<number, readonly Value[]>();
  return (rank) => {
    const known = byRank.get(rank) ?? inputs.map((input) => reshape(input, Array<number>(rank).fill(1)));
    byRank.set(rank, known);
    return known;
  };
}

interface UpdateInput {
  graph: Graph;
  optimizer: Optimizer;
  tensors: UpdateTensors & { gradients: readonly Value[] };
  /** Values that must be finite, too. */
  checked: readonly Value[];
}

/** A step of the optimizer for all weights. `finite` is not finite where a new weight or another checked value is not. */
type Update = (input: UpdateInput) => UpdateTensors & { finite: Value };

const plainUpdate: Update = ({
  graph,
  optimizer,
  tensors: { weights, slots, gradients: slopes },
  checked,
}) => {
  const scalarsFor = scalarsByRank(graph, optimizer);
  const next = weights.map((weight, i) => {
    const kept = slots.map((kind) => kind[i]);
    return optimizer.update(weight, slopes[i], kept, scalarsFor(weight.shape.length));
  });
  const nextWeights = next.map(({ weight }) => weight);
  return {
    weights: nextWeights,
    slots: slots.map((_, kind) => next.map((one) => one.slots[kind])),
    finite: finiteCheckOf([...checked, ...nextWeights]),
  };
};

const nativeUpdate: Update = ({ graph, optimizer, tensors, checked }) => {
  const scalars = optimizer.scalars.map((scalar) => graph.input(scalarName(scalar), []));
  return update(optimizer.fused, scalars, tensors, checked);
};

export interface StepForm {
  several?: boolean;
  form?: GraphForm;
  /** What is not rewritten in the native form. */
  without?: ReadonlySet<Pattern>;
}

/**
 * A training step: forward, loss, backward, update. Outputs are loss, logits, and the weights, slots and
 * statistics after the step. These may be not finite although the loss is finite, so the output finiteCheck
 * covers the loss, the weights and the statistics. With `several`, one run does as many steps as the input
 * TIMES says, and other inputs and outputs have a row per step.
 */
export function stepGraph(
  model: Model,
  shape: BatchShape,
  optimizer: Optimizer,
  { several = false, form = 'plain', without }: StepForm = {},
): TrainerGraph {
  const { graph, parameters, updates, dropoutMasks, logits, loss, rules } = forward(
    model,
    shape,
    form,
    without,
  );
  const weights = parameters.map(({ value }) => value);
  const slotNames = optimizer.slots.map((slot) =>
    parameters.map(({ parameter }) => slotName(slot, parameter.name)),
  );
  const slots = slotNames.map((names) => names.map((name, i) => graph.input(name, weights[i].shape)));
  const tensors = { weights, slots, gradients: backward(loss, weights, rules) };
  const checked = [loss, ...updates.values()];
  const next = (isOfOnnx(form) ? plainUpdate : nativeUpdate)({ graph, optimizer, tensors, checked });
  const prefix = isOfOnnx(form) ? NEXT : OVER;
  parameters.forEach(({ parameter }, i) => graph.output(`${prefix}${parameter.name}`, next.weights[i]));
  slotNames.forEach((names, kind) =>
    names.forEach((name, i) => graph.output(`${prefix}${name}`, next.slots[kind][i])),
  );
  for (const [name, value] of updates) graph.output(`${NEXT}${name}`, value);
  graph.output('loss', loss);
  graph.output('logits', logits);
  graph.output('finiteCheck', next.finite);
  const outputs = [...graph.outputs.keys()];
  if (!isOfOnnx(form)) {
    const order = updateLast(makerOf(graph, next.finite), [...weights, ...slots.flat()]);
    return { bytes: encodeModel(graph, { version, order }), dropoutMasks, outputs };
  }
  const loop = { times: TIMES, carried: NEXT, version };
  const bytes = several ? encodeLoop(graph, loop) : encodeModel(graph, { version });
  return { bytes, dropoutMasks, outputs };
}

/** The order of the nodes of a step whose update writes over what it reads. */
const updateLast = (last: Node, over: readonly Value[]) => (nodes: readonly Node[]) => {
  if (!readsLast(nodes, last, over)) throw new Error('a weight is read where it may have been updated');
  return savingMemory(nodes, last);
};

export const gradientName = (parameter: string): string => `gradient/${parameter}`;

/**
 * A graph of the gradients of the mean loss with respect to the parameters and the images.
 * @param without what is not rewritten in the native form
 */
export function gradientGraph(
  model: Model,
  shape: BatchShape,
  form: GraphForm = 'plain',
  without?: ReadonlySet<Pattern>,
): TrainerGraph {
  const { graph, parameters, dropoutMasks, images, loss, rules } = forward(model, shape, form, without);
  const wanted = [images, ...parameters.map(({ value }) => value)];
  const slopes = backward(loss, wanted, rules);
  graph.output('loss', loss);
  graph.output(gradientName('images'), slopes[0]);
  for (const [i, { parameter, isLast }] of parameters.entries())
    graph.output(gradientName(parameter.name), isLast ? oihw(slopes[i + 1]) : slopes[i + 1]);
  return { bytes: encodeModel(graph, { version }), dropoutMasks, outputs: [...graph.outputs.keys()] };
}

/** The gradient of the mean loss by the images, n × 3 × height × width, in evaluation mode. */
function slopeByImages(model: Model, shape: BatchShape, form: GraphForm): { graph: Graph; slope: Value } {
  const { graph, images, loss, rules } = forward(model, shape, form, undefined, 'evaluate');
  const [slope] = backward(loss, [images], rules);
  return { graph, slope };
}

/** A graph of the gradient of each image's own loss by its values, in evaluation mode: that of the mean, times the images. */
export function imageGradientGraph(model: Model, shape: BatchShape, form: GraphForm = 'plain'): TrainerGraph {
  const { graph, slope } = slopeByImages(model, shape, form);
  const name = gradientName('images');
  graph.output(name, mul(slope, graph.scalar(shape.count)));
  return { bytes: encodeModel(graph, { version }), dropoutMasks: [], outputs: [name] };
}

/**
 * A graph of how much the mean loss depends on each pixel, in evaluation mode: √ of the mean over channels of its squared
 * gradient, n × height × width (the saliency of PuzzleMix, Kim et al., ICML 2020).
 */
export function saliencyGraph(model: Model, shape: BatchShape, form: GraphForm = 'plain'): TrainerGraph {
  const { graph, slope } = slopeByImages(model, shape, form);
  const maps = sqrt(reduceMean(mul(slope, slope), [1]));
  graph.output('saliency', reshape(maps, [shape.count, ...shape.image]));
  return { bytes: encodeModel(graph, { version }), dropoutMasks: [], outputs: ['saliency'] };
}

/** A graph from images to logits in evaluation mode. */
export function predictionGraph(model: Model, shape: BatchShape, form: GraphForm = 'plain'): TrainerGraph {
  const { graph, logits } = build(model, shape, 'evaluate', form);
  const found = { dropoutMasks: [], outputs: ['logits'] };
  if (isOfOnnx(form) || form === 'cuda') {
    graph.output('logits', logits);
    return { bytes: encodeModel(graph, { version }), ...found };
  }
  const keptLast = parametersKeptLast(model, shape);
  const lowered = lower(graph, { kept: [logits], keptLast, maskNumbers: new Map(), convolution: form });
  lowered.graph.output('logits', lowered.of(logits));
  return { bytes: encodeModel(lowered.graph, { version }), ...found };
}

/** Prefix of the outputs that give what is on a graphics card to the processor. */
export const READ = 'read/';

/**
 * A graph that does nothing but move tensors: named next/… they go onto the graphics card, named read/… they come from it.
 */
export function transferGraph(
  tensors: readonly { name: string; shape: readonly number[] }[],
  prefix: typeof NEXT | typeof READ,
  card: Card,
): TrainerGraph {
  const graph = new Graph(card);
  for (const { name, shape } of tensors) graph.output(prefix + name, identity(graph.input(name, shape)));
  return { bytes: encodeModel(graph, { version }), dropoutMasks: [], outputs: [...graph.outputs.keys()] };
}

/** What an exported model has besides its graph. */
export interface ModelContents {
  weights: ReadonlyMap<string, Float32Array>;
  metadata: Readonly<Record<string, string>>;
}

/** A model in evaluation mode with its weights, from any number of images to logits. */
export function exportedModel(model: Model, image: BatchShape['image'], contents: ModelContents): Uint8Array {
  const { graph, logits } = build(model, { count: 1, image }, 'evaluate');
  graph.output('logits', logits);
  return encodeModel(graph, { ...contents, batch: 'n', version });
}
