/**
 * One pass of a model over a graph. Layers are functions of a net (layers.ts, or your own): they ask it for parameters
 * and statistics by name, and the net keeps what was asked for.
 */
import * as check from '../check';
import { SaliencyMixError } from '../errors';
import type { Graph, Shape, Value } from '../graph/graph';

/**
 * How a parameter begins. he: normal with standard deviation √(2/fan), He et al., "Delving deep into rectifiers", ICCV
 * 2015, with the fan out as torchvision has it; uniform: from −bound to bound; constant.
 */
export type Init =
  | { readonly kind: 'he'; readonly fan: number }
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'constant'; readonly value: number };

export interface Parameter {
  readonly name: string;
  readonly shape: Shape;
  readonly init: Init;
  /** Whether the optimizer changes it; statistics are changed by their layer. */
  readonly trained: boolean;
}

/** Which elements a dropout layer keeps: an input of the graph, drawn for each step. */
export interface DropoutMask {
  readonly name: string;
  readonly shape: Shape;
  /** Chance that an element is dropped. */
  readonly rate: number;
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

/** Names of other inputs and outputs of the graphs that models become part of. */
const RESERVED: ReadonlySet<string> = new Set(['images', 'labels', 'logits', 'loss', 'finiteCheck', 'times']);

/** Names as PyTorch has them. A slash is only in names that the graphs themselves give, as optimizer/… and dropout/… */
function checkName(name: unknown): void {
  if (typeof name === 'string' && /^[\w.-]+$/.test(name) && !RESERVED.has(name)) return;
  const expected = `letters, digits, "_", "." and "-" (and none of ${[...RESERVED].join(', ')})`;
  throw check.invalid("a parameter's name", expected, name);
}

export class Net {
  readonly graph: Graph;
  /** train: statistics of the batch, dropout. evaluate: running statistics, no dropout. */
  readonly mode: 'train' | 'evaluate';
  /** All that was asked for, by name, in that order. */
  readonly parameters = new Map<string, { parameter: Parameter; value: Value }>();
  /** Statistics after the step, by name. */
  readonly updates = new Map<string, Value>();
  readonly dropoutMasks: DropoutMask[] = [];

  constructor(graph: Graph, mode: Net['mode']) {
    this.graph = graph;
    this.mode = mode;
  }

  /**
   * A float32 tensor that the optimizer learns. A model must ask for the same parameters in both modes.
   * @throws SaliencyMixError ARGUMENT; MODEL for a name that was asked for before
   */
  parameter(name: string, shape: Shape, init: Init): Value {
    return this.#ask({ name, shape, init, trained: true });
  }

  /**
   * A float32 tensor that is kept with the parameters but not learned: it stays as it is, unless `update` changes it.
   * @throws SaliencyMixError as `parameter`
   */
  statistic(name: string, shape: Shape, init: Init): Value {
    return this.#ask({ name, shape, init, trained: false });
  }

  /**
   * In training mode: what a statistic is after the step. No gradient flows through it.
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

  /** A mask for dropout, bool, true with a chance of 1 − rate; drawn anew for every step. */
  dropoutMask(name: string, shape: Shape, rate: number): Value {
    const mask = { name: `dropout/${name}`, shape, rate };
    this.dropoutMasks.push(mask);
    return this.graph.input(mask.name, mask.shape, 'bool');
  }

  #ask(parameter: Parameter): Value {
    const { name, shape, init } = parameter;
    checkName(name);
    if (!Array.isArray(shape)) throw check.invalid(`${name}: shape`, 'a list of sides', shape);
    for (const side of shape) check.integer(side, `${name}: shape`, 1);
    checkInit(init, name);
    if (this.parameters.has(name))
      throw new SaliencyMixError('MODEL', `The model asks for two parameters named "${name}"`);
    const value = this.graph.input(name, shape);
    this.parameters.set(name, { parameter, value });
    return value;
  }
}
