/** What a model is: a name, options, and a function that builds it over a net. */
import { Graph, type Value } from '../graph/graph';
import { named, type OptionTable, required, whole } from '../option';
import { Net, type Parameter } from './net';

/** A classifier; createModel and defineModel give one. */
export interface Model {
  readonly name: string;
  /** Complete: with them, `createModel(name, options)` makes the same model. Kept in checkpoints. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly classes: number;
  /** In the order of the layers. */
  readonly parameters: readonly Parameter[];
  /** images: N×3×H×W → logits: N×classes. Called for every graph that is made. */
  readonly build: (net: Net, images: Value) => Value;
}

/** What a model's file gives: checked options, and how it is built. */
export interface ModelSpec {
  options: Record<string, unknown> & { classes: number };
  build: Model['build'];
  /** An image size that the model can take, for finding out its parameters; 32 × 32 unless given. */
  image?: readonly [height: number, width: number];
}

export interface Family {
  /** One line for help texts and tables. */
  readonly summary: string;
  readonly reference: string;
  readonly options: OptionTable;
  create(options: unknown): ModelSpec;
}

/** Options of several families. */
export const classOption = required(whole(1, { max: 1 << 20 }));
export const stemOption = (byDefault: 'cifar' | 'imagenet') =>
  named(['cifar', 'imagenet'], { default: byDefault });

/** The model, with the parameters that it asks for when it is built. */
export function describeModel(name: string, { options, build, image = [32, 32] }: ModelSpec): Model {
  const graph = new Graph();
  const net = new Net(graph, 'evaluate');
  build(net, graph.input('images', [1, 3, ...image]));
  const parameters = [...net.parameters.values()].map(({ parameter }) => parameter);
  return { name, options, classes: options.classes, parameters, build };
}
