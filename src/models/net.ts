/**
 * A model that is being built in a graph. Layers (layers.ts, or your own) ask the net for parameters and
 * statistics by name, and the net keeps a list of them.
 */
import * as check from '../check';
import { SaliencyMixError } from '../errors';
import { mixedRows } from '../graph/composites';
import type { Graph, Shape, Value } from '../graph/graph';

/**
 * The initial values of a parameter. he: normal with standard deviation √(2/fan) (He et al., "Delving deep into
 * rectifiers", ICCV 2015; torchvision takes the fan out). uniform: from −bound to bound. constant: all `value`.
 */
export type Init =
  | { readonly kind: 'he'; readonly fan: number }
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'constant'; readonly value: number };

export interface Parameter {
  readonly name: string;
  readonly shape: Shape;
  readonly init: Init;
  /** Whether the optimizer changes it. False for statistics, which their layer changes. */
  readonly trained: boolean;
}

/** An input of the graph that says which elements a dropout layer keeps. It is drawn for each step. */
export interface DropoutMask {
  readonly name: string;
  readonly shape: Shape;
  /** Chance that an element is dropped. */
  readonly rate: number;
  /** Whether the chance rises linearly over the run, from 0 to `rate`; such chances are small, and have all their digits. */
  readonly rises?: boolean;
  /** Position among the masks of the net, from 0: a part of its random numbers' address. */
  readonly number: number;
}

const kinds = ['he', 'uniform', 'constant'] as const;
const LARGEST = Number.MAX_VALUE;

function checkInit(init: Init, name: string): void {
  switch (check.name((init as Init | undefined)?.kind, kinds, `${name}: init.kind`)) {
    case 'he':
      check.number((init as { fan: number }).fan, `${name}: init.fan`, 0, LARGEST, 'open');
      break;
    case 'uniform':
      check.number((init as { bound: number }).bound, `${name}: init.bound`, 0, LARGEST);
      break;
    default:
      check.number((init as { value: number }).value, `${name}: init.value`, -LARGEST, LARGEST);
  }
}

/** Names that other inputs and outputs of the graphs have. */
const RESERVED: ReadonlySet<string> = new Set(['images', 'labels', 'logits', 'loss', 'finiteCheck', 'times']);

/**
 * Names like PyTorch's. A slash is not allowed: names with one, such as optimizer/… and dropout/…, are the
 * graph's own.
 */
function checkName(name: unknown): void {
  if (typeof name === 'string' && /^[\w.-]+$/.test(name) && !RESERVED.has(name)) return;
  const expected = `letters, digits, "_", "." and "-" (and none of ${[...RESERVED].join(', ')})`;
  throw check.invalid('the name of a parameter or stage', expected, name);
}

/** Names of the inputs that say how images are mixed after a stage. */
export const HIDDEN = { partners: 'hidden/partners', inverse: 'hidden/inverse', lambda: 'hidden/lambda' };

/** The stage before the first layer: the images. */
export const INPUT_STAGE = 'input';

/** What a net is made with besides its graph and mode. */
export interface NetOptions {
  /** The stage after which images are mixed with one another. */
  mixedStage?: string;
  /**
   * A net of the same model in the same graph, for other images: this one has its parameters, begins with the statistics that it
   * has updated, and draws masks of its own.
   */
  after?: Net;
}

/** Masks of a net that comes after another one have their numbers from here on, so those of the other are what they are alone. */
const NUMBERS_AFTER = 0x8000;

/** A model that is being built in a graph. Layers ask it for their parameters and statistics by name. */
export class Net {
  readonly graph: Graph;
  /**
   * train: batch normalisation with the batch's statistics, and dropout. evaluate: with running statistics, no
   * dropout.
   */
  readonly mode: 'train' | 'evaluate';
  /** All parameters and statistics by name, in the order in which they were asked for. */
  readonly parameters = new Map<string, { parameter: Parameter; value: Value }>();
  /** The values of statistics after the step, by name. */
  readonly updates = new Map<string, Value>();
  readonly dropoutMasks: DropoutMask[] = [];
  /** The chances of blocks to stay in training, by their names, and the shares that DropBlock is asked to drop at the end. */
  readonly survival = new Map<string, number>();
  readonly dropped = new Map<string, number>();
  /** What each stage of the model gives, by the stage's name, in their order. */
  readonly stageValues = new Map<string, Value>();
  readonly #options: NetOptions;

  constructor(graph: Graph, mode: Net['mode'], options: NetOptions = {}) {
    this.graph = graph;
    this.mode = mode;
    this.#options = options;
  }

  /** The names that the model has given its stages, in their order. */
  get stages(): string[] {
    return [...this.stageValues.keys()];
  }

  /**
   * A float32 tensor that the optimizer learns. A model must ask for the same parameters in both modes.
   * @param name letters, digits, '_', '.', '-'; PyTorch's names let weights be exchanged with it
   * @throws SaliencyMixError ARGUMENT; MODEL for a name that was asked for before
   */
  parameter(name: string, shape: Shape, init: Init): Value {
    return this.#ask({ name, shape, init, trained: true });
  }

  /**
   * A float32 tensor that is saved with the parameters but not learned. Only `update` changes it.
   * @throws SaliencyMixError as `parameter`
   */
  statistic(name: string, shape: Shape, init: Init): Value {
    return this.#ask({ name, shape, init, trained: false });
  }

  /**
   * Sets what a statistic is after the step, in training mode. No gradient flows through it.
   * @throws SaliencyMixError MODEL where there is no such statistic, or its shape is another
   */
  update(name: string, value: Value): void {
    const found = this.parameters.get(name)?.parameter;
    if (!found || found.trained)
      throw new SaliencyMixError('MODEL', `The model updates "${name}", which is no statistic of it`);
    if (found.shape.join() !== value.shape.join()) {
      const shapes = `[${found.shape.join(', ')}] is updated with [${value.shape.join(', ')}]`;
      throw new SaliencyMixError('MODEL', `The statistic "${name}" of shape ${shapes}`);
    }
    this.updates.set(name, value);
  }

  /**
   * A mask for dropout, drawn for every step: true, with probability 1 − rate, where an element is kept. It is bool, and in
   * graphs for WebGPU float32, 1 or 0. With `rises` the rate is that of the end of a run (`progress` of a step).
   */
  dropoutMask(name: string, shape: Shape, rate: number, { rises = false }: { rises?: boolean } = {}): Value {
    const isAfter = this.#options.after !== undefined;
    const number = this.dropoutMasks.length + (isAfter ? NUMBERS_AFTER : 0);
    const mask = { name: `${isAfter ? 'after/' : ''}dropout/${name}`, shape, rate, rises, number };
    this.dropoutMasks.push(mask);
    return this.graph.input(mask.name, mask.shape, this.graph.target === 'webgpu' ? 'float32' : 'bool');
  }

  /**
   * Names what a stage of the model gives (`input` are the images themselves), so that images can be mixed there, and what it
   * sees can be shown (Trainer.activationMaps): gives x back, mixed with that of other images where a step asks for it (`hidden`
   * of Trainer.step).
   * @param x of any shape that begins with the number of images
   * @throws SaliencyMixError ARGUMENT; MODEL for a name that another stage has
   */
  stage(name: string, x: Value): Value {
    checkName(name);
    if (this.stageValues.has(name))
      throw new SaliencyMixError('MODEL', `The model has two stages named "${name}"`);
    const value = name === this.#options.mixedStage ? this.#mixed(x) : x;
    this.stageValues.set(name, value);
    return value;
  }

  #mixed(x: Value): Value {
    const rows = [x.shape[0]];
    return mixedRows(x, {
      partners: this.graph.input(HIDDEN.partners, rows, 'int64'),
      inverse: this.graph.input(HIDDEN.inverse, rows, 'int64'),
      lambda: this.graph.input(HIDDEN.lambda, []),
    });
  }

  #ask(parameter: Parameter): Value {
    const { name, shape, init } = parameter;
    checkName(name);
    if (!Array.isArray(shape)) throw check.invalid(`${name}: shape`, 'a list of sides', shape);
    for (const side of shape) check.integer(side, `${name}: shape`, 1);
    checkInit(init, name);
    if (this.parameters.has(name))
      throw new SaliencyMixError('MODEL', `The model asks for two parameters named "${name}"`);
    const { after } = this.#options;
    const known = after && (after.updates.get(name) ?? after.parameters.get(name)?.value);
    const value = known ?? this.graph.input(name, shape);
    this.parameters.set(name, { parameter, value });
    return value;
  }
}
