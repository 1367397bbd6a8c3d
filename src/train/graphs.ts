/** The graphs of a trainer: a step, gradients only, prediction. Each has a fixed number and size of images. */
import { SaliencyMixError } from '../errors';
import { backward } from '../graph/backward';
import { softmaxCrossEntropy } from '../graph/composites';
import { gradients } from '../graph/gradients';
import { Graph, type Value } from '../graph/graph';
import { lower } from '../graph/lowering/lower';
import { nativeGradients } from '../graph/lowering/native-gradients';
import { encodeLoop, encodeModel } from '../graph/onnx';
import { concat, reduceSum, reshape } from '../graph/ops';
import type { Optimizer } from '../graph/optimizers';
import type { Model } from '../models/model';
import { type DropoutMask, Net, type Parameter } from '../models/net';
import { NEXT } from '../onnx/ort-worker';
import { version } from '../run/environment';

/** Number and size of the images in a batch. */
export interface BatchShape {
  count: number;
  image: readonly [height: number, width: number];
}

export interface TrainerGraph {
  /** An ONNX model. */
  bytes: Uint8Array;
  /** Inputs that must be drawn for every run. A mask's position here is part of its random numbers' address. */
  dropoutMasks: readonly DropoutMask[];
}

/** Name of the tensor that the optimizer keeps for a parameter. */
export const slotName = (slot: string, parameter: string): string => `optimizer/${slot}/${parameter}`;
/** Name of the input with the number of steps, in a graph of several steps. */
export const TIMES = 'times';
/** Name of the input of one of the optimizer's scalars. */
export const scalarName = (scalar: string): string => `scalar/${scalar}`;

/** The form of a trainer's graphs: of ONNX's operators alone, or with those that only the native engine knows. */
export type GraphForm = 'plain' | 'native';

interface Forward {
  graph: Graph;
  parameters: { parameter: Parameter; value: Value }[];
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

function forward(model: Model, { count, image }: BatchShape, form: GraphForm): Forward {
  const graph = new Graph();
  const net = new Net(graph, 'train');
  const images = graph.input('images', [count, 3, ...image]);
  const labels = graph.input('labels', [count, model.classes]);
  const logits = model.build(net, images);
  checkSameParameters(model, net);
  const loss = softmaxCrossEntropy(logits, labels);
  const kept = [logits, loss, ...net.updates.values()];
  const isNative = form === 'native';
  const lowered = isNative ? lower(graph, kept) : { graph, of: (value: Value) => value };
  const { of } = lowered;
  const parameters = [...net.parameters.values()].map(({ parameter, value }) => ({
    parameter,
    value: of(value),
  }));
  return {
    graph: lowered.graph,
    parameters: parameters.filter(({ parameter }) => parameter.trained),
    updates: new Map([...net.updates].map(([name, value]) => [name, of(value)])),
    dropoutMasks: net.dropoutMasks,
    images: of(images),
    logits: of(logits),
    loss: of(loss),
    rules: isNative ? nativeGradients : gradients,
  };
}

/** A scalar that is finite only if all values are finite: the sum of all their elements. */
function finiteCheckOf(values: readonly Value[]): Value {
  const sums = values.map((value) =>
    reshape(
      reduceSum(
        value,
        value.shape.map((_, axis) => axis),
        false,
      ),
      [1],
    ),
  );
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
  { several = false, form = 'plain' }: { several?: boolean; form?: GraphForm } = {},
): TrainerGraph {
  const { graph, parameters, updates, dropoutMasks, logits, loss, rules } = forward(model, shape, form);
  const slopes = backward(
    loss,
    parameters.map(({ value }) => value),
    rules,
  );
  const scalarsFor = scalarsByRank(graph, optimizer);
  const nexts = [...updates.values()];
  for (const [i, { parameter, value }] of parameters.entries()) {
    const names = optimizer.slots.map((slot) => slotName(slot, parameter.name));
    const slots = names.map((name) => graph.input(name, value.shape));
    const next = optimizer.update(value, slopes[i], slots, scalarsFor(value.shape.length));
    graph.output(`${NEXT}${parameter.name}`, next.weight);
    nexts.push(next.weight);
    names.forEach((name, slot) => graph.output(`${NEXT}${name}`, next.slots[slot]));
  }
  for (const [name, value] of updates) graph.output(`${NEXT}${name}`, value);
  graph.output('loss', loss);
  graph.output('logits', logits);
  graph.output('finiteCheck', finiteCheckOf([reshape(loss, [1]), ...nexts]));
  const loop = { times: TIMES, carried: NEXT, version };
  const bytes = several ? encodeLoop(graph, loop) : encodeModel(graph, { version });
  return { bytes, dropoutMasks };
}

export const gradientName = (parameter: string): string => `gradient/${parameter}`;

/** A graph of the gradients of the mean loss with respect to the parameters and the images. */
export function gradientGraph(model: Model, shape: BatchShape, form: GraphForm = 'plain'): TrainerGraph {
  const { graph, parameters, dropoutMasks, images, loss, rules } = forward(model, shape, form);
  const wanted = [images, ...parameters.map(({ value }) => value)];
  const slopes = backward(loss, wanted, rules);
  graph.output('loss', loss);
  graph.output(gradientName('images'), slopes[0]);
  for (const [i, { parameter }] of parameters.entries())
    graph.output(gradientName(parameter.name), slopes[i + 1]);
  return { bytes: encodeModel(graph, { version }), dropoutMasks };
}

/**
 * A graph from images to logits in evaluation mode. With `inside` it contains the weights and takes any number
 * of images.
 */
export function predictionGraph(
  model: Model,
  { count, image }: BatchShape,
  inside?: { weights: ReadonlyMap<string, Float32Array>; metadata: Readonly<Record<string, string>> },
): Uint8Array {
  const graph = new Graph();
  const net = new Net(graph, 'evaluate');
  graph.output('logits', model.build(net, graph.input('images', [count, 3, ...image])));
  checkSameParameters(model, net);
  return encodeModel(graph, inside ? { ...inside, batch: 'n', version } : { version });
}
