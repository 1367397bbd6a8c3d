/** The graphs of a trainer: a step, the gradients alone, the prediction. Batch and image size are fixed in each. */
import { SaliencyMixError } from '../errors';
import { backward } from '../graph/backward';
import { softmaxCrossEntropy } from '../graph/composites';
import { Graph, type Value } from '../graph/graph';
import { encodeLoop, encodeModel } from '../graph/onnx';
import { concat, reduceSum, reshape } from '../graph/ops';
import type { Optimizer } from '../graph/optimizers';
import type { Model } from '../models/model';
import { type DropoutMask, Net, type Parameter } from '../models/net';
import { NEXT } from '../onnx/ort-worker';
import { version } from '../run/environment';

/** Of a batch. */
export interface BatchShape {
  count: number;
  image: readonly [height: number, width: number];
}

export interface TrainerGraph {
  /** An ONNX model. */
  bytes: Uint8Array;
  /** Inputs that are drawn for every step, in this order. */
  dropoutMasks: readonly DropoutMask[];
}

/** Name of an optimizer's tensor beside a parameter. */
export const slotName = (slot: string, parameter: string): string => `optimizer/${slot}/${parameter}`;
/** Input of a graph of several steps: how many. */
export const TIMES = 'times';
/** Input of one of the optimizer's scalars. */
export const scalarName = (scalar: string): string => `scalar/${scalar}`;

interface Forward {
  graph: Graph;
  net: Net;
  images: Value;
  logits: Value;
  loss: Value;
}

/** Weights are drawn, saved and loaded by the parameters that the model has: every graph must ask for those. */
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

function forward(model: Model, { count, image }: BatchShape): Forward {
  const graph = new Graph();
  const net = new Net(graph, 'train');
  const images = graph.input('images', [count, 3, ...image]);
  const labels = graph.input('labels', [count, model.classes]);
  const logits = model.build(net, images);
  checkSameParameters(model, net);
  return { graph, net, images, logits, loss: softmaxCrossEntropy(logits, labels) };
}

const trained = (net: Net) => [...net.parameters.values()].filter(({ parameter }) => parameter.trained);

/** A scalar that is finite only if all the values are: the sum of everything. */
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

/**
 * Forward, loss, backward, update: outputs loss, logits, and the weights, slots and statistics that the next step starts
 * from. Those may be not finite although the loss is: the output finiteCheck covers all of them. With `several`, any
 * number of steps in one run, TIMES of them; inputs and outputs then have a row per step.
 */
export function stepGraph(
  model: Model,
  shape: BatchShape,
  optimizer: Optimizer,
  { several = false } = {},
): TrainerGraph {
  const { graph, net, logits, loss } = forward(model, shape);
  const parameters = trained(net);
  const gradients = backward(
    loss,
    parameters.map(({ value }) => value),
  );
  const scalars = optimizer.scalars.map((scalar) => graph.input(scalarName(scalar), []));
  const nexts = [...net.updates.values()];
  for (const [i, { parameter, value }] of parameters.entries()) {
    const names = optimizer.slots.map((slot) => slotName(slot, parameter.name));
    const slots = names.map((name) => graph.input(name, value.shape));
    const next = optimizer.update(value, gradients[i], slots, scalars);
    graph.output(`${NEXT}${parameter.name}`, next.weight);
    nexts.push(next.weight);
    names.forEach((name, slot) => graph.output(`${NEXT}${name}`, next.slots[slot]));
  }
  for (const [name, value] of net.updates) graph.output(`${NEXT}${name}`, value);
  graph.output('loss', loss);
  graph.output('logits', logits);
  graph.output('finiteCheck', finiteCheckOf([reshape(loss, [1]), ...nexts]));
  const loop = { times: TIMES, carried: NEXT, version };
  const bytes = several ? encodeLoop(graph, loop) : encodeModel(graph, { version });
  return { bytes, dropoutMasks: net.dropoutMasks };
}

export const gradientName = (parameter: string): string => `gradient/${parameter}`;

/** Gradients of the mean loss with respect to the parameters and the images. */
export function gradientGraph(model: Model, shape: BatchShape): TrainerGraph {
  const { graph, net, images, loss } = forward(model, shape);
  const parameters = trained(net);
  const gradients = backward(loss, [images, ...parameters.map(({ value }) => value)]);
  graph.output('loss', loss);
  graph.output(gradientName('images'), gradients[0]);
  for (const [i, { parameter }] of parameters.entries())
    graph.output(gradientName(parameter.name), gradients[i + 1]);
  return { bytes: encodeModel(graph, { version }), dropoutMasks: net.dropoutMasks };
}

/** images → logits in evaluation mode; with `weights` inside, for any number of images. */
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
