/** What a model is: a name, options, and a function that builds it over a net. */
import { Graph, type Value } from '../graph/graph';
import { Net, type Parameter } from './net';

export interface Model {
  readonly name: string;
  /** Complete: with them, `createModel(name, options)` makes the same model. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly classes: number;
  /** In the order of the layers. */
  readonly parameters: readonly Parameter[];
  /** images: N×3×H×W → logits: N×classes. */
  readonly build: (net: Net, images: Value) => Value;
}

/** What a model's file gives: checked options, and how it is built. */
export interface Built {
  options: Record<string, unknown> & { classes: number };
  build: Model['build'];
  /** Side of an image that the model surely takes; 32 unless given. */
  side?: number;
}

export interface Family {
  /** One line for help texts and tables. */
  readonly summary: string;
  readonly reference: string;
  /** Names of its options. */
  readonly takes: readonly string[];
  /** Of all options: known to be an object. */
  create(options: Record<string, unknown>): Built;
}

/** The parameters are those that a pass asks for. */
export function modelOf(name: string, { options, build, side = 32 }: Built): Model {
  const graph = new Graph();
  const net = new Net(graph, 'evaluate');
  build(net, graph.input('images', [1, 3, side, side]));
  const parameters = [...net.parameters.values()].map(({ parameter }) => parameter);
  return { name, options, classes: options.classes, parameters, build };
}
