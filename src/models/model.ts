/** What a model is: a name, options, and a function that builds its graph. */
import { Graph, type Shape, sizeOf, type Value } from '../graph/graph';
import { named, type OptionTable, required, whole } from '../option';
import { INPUT_STAGE, Net, type Parameter } from './net';

/** A classifier; createModel and defineModel give one. */
export interface Model {
  readonly name: string;
  /**
   * All options, with defaults: `createModel(name, options)` makes the same model of them. Checkpoints keep
   * them.
   */
  readonly options: Readonly<Record<string, unknown>>;
  /** Length of the logits. */
  readonly classes: number;
  /** In the order of the layers. */
  readonly parameters: readonly Parameter[];
  /** Names of its stages in their order, after which images can be mixed with one another; the first is `input`. */
  readonly stages: readonly string[];
  /** With stochastic depth: the chance of each block to stay. With DropBlock: the share that each place is asked to drop at the end. */
  readonly survival?: ReadonlyMap<string, number>;
  readonly dropped?: ReadonlyMap<string, number>;
  /** Makes logits (N×classes) of images (N×3×H×W). Called for every graph. */
  readonly build: (net: Net, images: Value) => Value;
}

/** Number of learned parameters. */
export const parameterCount = ({ parameters }: Pick<Model, 'parameters'>): number =>
  parameters.reduce((sum, { trained, shape }) => sum + (trained ? sizeOf(shape) : 0), 0);

/** The logits of images, by a model. */
export const logitsOf = (model: Pick<Model, 'build'>, net: Net, images: Value): Value =>
  model.build(net, net.stage(INPUT_STAGE, images));

/** What `Family.create` gives: checked options, and how the model is built. */
export interface ModelSpec {
  options: Record<string, unknown> & { classes: number };
  build: Model['build'];
  /** An image size that the model can take, to find its parameters with; 32 × 32 unless given. */
  image?: readonly [height: number, width: number];
}

/** An entry of the registry: models that share their options. */
export interface Family {
  /** One line for help texts and tables. */
  readonly summary: string;
  readonly reference: string;
  readonly options: OptionTable;
  create(options: unknown): ModelSpec;
  /** The options with which a member could have parameters of these shapes; whether it has is compared afterwards. */
  optionsFor?(shapes: ReadonlyMap<string, Shape>): Record<string, unknown> | undefined;
}

/** How many blocks a stage has, by the names of their first convolutions. */
export function countBlocks(shapes: ReadonlyMap<string, Shape>, stage: number): number {
  let count = 0;
  while (shapes.has(`layer${stage}.${count}.conv1.weight`)) count++;
  return count;
}

/** Options that several families have. */
export const classOption = required(whole(1, { max: 1 << 20 }));
export const stemOption = (byDefault: 'cifar' | 'imagenet') =>
  named(['cifar', 'imagenet'], { default: byDefault });

/** A model. Its parameters are those that it asks for when it is built once, for one image. */
export function describeModel(name: string, { options, build, image = [32, 32] }: ModelSpec): Model {
  const graph = new Graph();
  const net = new Net(graph, 'evaluate');
  logitsOf({ build }, net, graph.input('images', [1, 3, ...image]));
  const parameters = [...net.parameters.values()].map(({ parameter }) => parameter);
  const { stages, survival, dropped } = net;
  return { name, options, classes: options.classes, parameters, stages, survival, dropped, build };
}
