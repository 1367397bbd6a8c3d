/** The values of a lowered graph: each plain value has one in its own layout, or with the channels last, or both. */
import { type Constant, Graph, type Value } from '../graph';
import { transpose } from '../ops';

const TO_LAST = [0, 2, 3, 1];
const TO_FIRST = [0, 3, 1, 2];
const TO_HWIO = [2, 3, 1, 0];

export class Layouts {
  readonly graph = new Graph();
  readonly #first = new Map<Value, Value>();
  readonly #last = new Map<Value, Value>();
  readonly #weights = new Map<Value, Value>();
  readonly #constants: Map<Value, Constant>;

  constructor(plain: Graph) {
    for (const input of plain.inputs)
      this.#first.set(input, this.graph.input(input.name, input.shape, input.dtype));
    this.#constants = new Map(plain.constants.map((constant) => [constant.value, constant]));
  }

  /** In the plain graph's layout. */
  first(plain: Value): Value {
    const known = this.#first.get(plain);
    if (known) return known;
    const made = this.#constant(plain) ?? transpose(this.#last.get(plain) as Value, TO_FIRST);
    this.#first.set(plain, made);
    return made;
  }

  /** An image batch with the channels last. */
  last(plain: Value): Value {
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
    this.#last.set(plain, value);
  }

  #constant(plain: Value): Value | undefined {
    const constant = this.#constants.get(plain);
    if (!constant) return undefined;
    const dtype = plain.dtype === 'int64' ? 'int64' : 'float32';
    return this.graph.constant(Array.from(constant.data, Number), plain.shape, dtype);
  }
}

/** The shape of an image batch with the channels last. */
export const lastShape = (shape: readonly number[]): number[] => TO_LAST.map((axis) => shape[axis]);
