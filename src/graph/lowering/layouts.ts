/**
 * The values of a lowered graph: each plain value has one in its own layout, or with the channels last, or both. In a graph for
 * CUDA there is the plain layout alone: what is asked for with the channels last is it.
 */
import { type Constant, Graph, type Target, type Value } from '../graph';
import { transpose } from '../ops';

const TO_LAST = [0, 2, 3, 1];
const TO_FIRST = [0, 3, 1, 2];
const TO_HWIO = [2, 3, 1, 0];
const TO_OIHW = [3, 2, 0, 1];

export class Layouts {
  readonly graph: Graph;
  readonly #first = new Map<Value, Value>();
  readonly #last = new Map<Value, Value>();
  /** The plain values that were made with the channels last. */
  readonly #madeLast = new Set<Value>();
  readonly #weights = new Map<Value, Value>();
  readonly #constants: Map<Value, Constant>;
  readonly #inputs: ReadonlySet<Value>;

  /** @param keptLast names of inputs that are convolution weights, h×w×C×O */
  constructor(plain: Graph, keptLast: ReadonlySet<string>, target: Target) {
    this.graph = new Graph(target);
    this.#inputs = new Set(plain.inputs);
    this.#constants = new Map(plain.constants.map((constant) => [constant.value, constant]));
    for (const input of plain.inputs)
      if (keptLast.has(input.name))
        this.#weights.set(input, this.graph.input(input.name, hwioShape(input.shape)));
  }

  /** In the plain graph's layout. Inputs become inputs when they are first asked for. */
  first(plain: Value): Value {
    const known = this.#first.get(plain);
    if (known) return known;
    const made = this.#input(plain) ?? this.#constant(plain) ?? this.#moved(plain);
    this.#first.set(plain, made);
    return made;
  }

  /** A plain input as it is in this graph. */
  input(plain: Value): Value {
    return this.#weights.get(plain) ?? this.first(plain);
  }

  /** An image batch with the channels last. */
  last(plain: Value): Value {
    if (this.graph.target === 'cuda') return this.first(plain);
    const known = this.#last.get(plain);
    if (known) return known;
    const made = transpose(this.first(plain), TO_LAST);
    this.#last.set(plain, made);
    return made;
  }

  /** Whether it is there with the channels last without being moved. */
  isLast(plain: Value): boolean {
    return this.#last.has(plain);
  }

  /** Convolution weights (O×C×h×w) as h×w×C×O. */
  weights(plain: Value): Value {
    const known = this.#weights.get(plain);
    if (known) return known;
    const made = transpose(this.first(plain), TO_HWIO);
    this.#weights.set(plain, made);
    return made;
  }

  setFirst(plain: Value, value: Value): void {
    this.#first.set(plain, value);
  }

  setLast(plain: Value, value: Value): void {
    if (this.graph.target === 'cuda') return this.setFirst(plain, value);
    this.#last.set(plain, value);
    this.#madeLast.add(plain);
  }

  /** A value in the layout that it was made in: everything that reads it depends on this one, moved or not. */
  made(plain: Value): { value: Value; isLast: boolean } {
    const isLast = this.#madeLast.has(plain);
    return { value: isLast ? this.last(plain) : this.first(plain), isLast };
  }

  #input(plain: Value): Value | undefined {
    if (!this.#inputs.has(plain) || this.#weights.has(plain)) return undefined;
    return this.graph.input(plain.name, plain.shape, plain.dtype);
  }

  #moved(plain: Value): Value {
    const last = this.#last.get(plain);
    return last ? nchw(last) : oihw(this.#weights.get(plain) as Value);
  }

  #constant(plain: Value): Value | undefined {
    const constant = this.#constants.get(plain);
    if (!constant) return undefined;
    const dtype = plain.dtype === 'int64' ? 'int64' : 'float32';
    return this.graph.constant(Array.from(constant.data, Number), plain.shape, dtype);
  }
}

/** An image batch with the channels last as N×C×H×W. */
export const nchw = (images: Value): Value => transpose(images, TO_FIRST);
/** Convolution weights h×w×C×O as O×C×h×w. */
export const oihw = (weights: Value): Value => transpose(weights, TO_OIHW);
/** The shape of weights O×C×h×w as h×w×C×O. */
export const hwioShape = (shape: readonly number[]): number[] => TO_HWIO.map((axis) => shape[axis]);
/** The shape of an image batch with the channels last. */
export const lastShape = (shape: readonly number[]): number[] => TO_LAST.map((axis) => shape[axis]);
