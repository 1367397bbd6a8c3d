/** The graphs of a trainer: a step, the gradients alone, the prediction. Batch and image size are fixed in each. */
import { backward } from '../graph/backward';
import { softmaxCrossEntropy } from '../graph/composites';
import { Graph, type Value } from '../graph/graph';
import { encodeLoop, encodeModel } from '../graph/onnx';
import { concat, reduceSum, reshape } from '../graph/ops';
import type { Optimizer } from '../graph/optimizers';
import type { Model } from '../models/model';
import { type DropoutMask, Net } from '../models/net';
import { NEXT } from '../onnx/machine';
import { version } from '../run/environment';

/** Of a batch. */
export interface BatchShape {
  count: number;
  image: readonly [height: number, width: number];
}

export interface Program {
  bytes: Uint8Array;
  /** To be drawn and fed, in this order. */
  masks: readonly DropoutMask[];
}

/** Name of an optimizer's tensor beside a parameter. */
export const slotName = (slot: string, parameter: string): string => `optimizer/${slot}/${parameter}`;
/** Input of a program of several steps. */
export const TIMES = 'times';
export const rateName = (rate: string): string => `rate/${rate}`;

interface Forward {
  graph: Graph;
  net: Net;
  images: Value;
  logits: Value;
  loss: Value;
}

function forward(model: Model, { count, image }: BatchShape): Forward {
  const graph = new Graph();
  const net = new Net(graph, 'train');
  const images = graph.input('images', [count, 3, ...image]);
  const labels = graph.input('labels', [count, model.classes]);
  const logits = model.build(net, images);
  return { graph, net, images, logits, loss: softmaxCrossEntropy(logits, labels) };
}

const trained = (net: Net) => [...net.parameters.values()].filter(({ parameter }) => parameter.trained);

/** A scalar that is finite where all the values are: a sum keeps what is not. */
function healthOf(values: readonly Value[]): Value {
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
 * Forward, loss, backward, update: outputs loss, logits, and what the next step starts from. A finite loss may still have
 * gradients, or statistics, that are not: `health` tells. With `several`, any number of steps in one run, TIMES of them;
 * what is fed and given then has a row per step.
 */
export function stepProgram(
  model: Model,
  shape: BatchShape,
  optimizer: Optimizer,
  { several = false } = {},
): Program {
  const { graph, net, logits, loss } = forward(model, shape);
  const parameters = trained(net);
  const gradients = backward(
    loss,
    parameters.map(({ value }) => value),
  );
  const rates = optimizer.rates.map((rate) => graph.input(rateName(rate), []));
  const nexts = [...net.running.values()];
  for (const [i, { parameter, value }] of parameters.entries()) {
    const names = optimizer.slots.map((slot) => slotName(slot, parameter.name));
    const slots = names.map((name) => graph.input(name, value.shape));
    const next = optimizer.update(value, gradients[i], slots, rates);
    graph.output(`${NEXT}${parameter.name}`, next.weight);
    nexts.push(next.weight);
    names.forEach((name, slot) => graph.output(`${NEXT}${name}`, next.slots[slot]));
  }
  for (const [name, value] of net.running) graph.output(`${NEXT}${name}`, value);
  graph.output('loss', loss);
  graph.output('logits', logits);
  graph.output('health', healthOf([reshape(loss, [1]), ...nexts]));
  const loop = { times: TIMES, carried: NEXT, version };
  return { bytes: several ? encodeLoop(graph, loop) : encodeModel(graph, { version }), masks: net.masks };
}

export const gradientName = (parameter: string): string => `gradient/${parameter}`;

/** Gradients of the mean loss with respect to the parameters and the images. */
export function gradientProgram(model: Model, shape: BatchShape): Program {
  const { graph, net, images, loss } = forward(model, shape);
  const parameters = trained(net);
  const gradients = backward(loss, [images, ...parameters.map(({ value }) => value)]);
  graph.output('loss', loss);
  graph.output(gradientName('images'), gradients[0]);
  for (const [i, { parameter }] of parameters.entries())
    graph.output(gradientName(parameter.name), gradients[i + 1]);
  return { bytes: encodeModel(graph, { version }), masks: net.masks };
}

/** images → logits in evaluation mode; with `weights` inside, for any number of images. */
export function predictionProgram(
  model: Model,
  { count, image }: BatchShape,
  inside?: { weights: ReadonlyMap<string, Float32Array>; metadata: Readonly<Record<string, string>> },
): Uint8Array {
  const graph = new Graph();
  const net = new Net(graph, 'evaluate');
  graph.output('logits', model.build(net, graph.input('images', [count, 3, ...image])));
  return encodeModel(graph, inside ? { ...inside, batch: 'n', version } : { version });
}
