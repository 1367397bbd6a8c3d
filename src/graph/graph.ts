/**
 * A graph of ONNX operators as it is written: values with static shapes, nodes in the order they are made, which is the
 * order they run in. Knows nothing of any operator (ops.ts), of gradients, or of the wire format.
 */
import { SaliencyMixError } from '../errors';

export type Dtype = 'float32' | 'int64' | 'bool';
export type Shape = readonly number[];

/** What an operator makes, an input, or a constant. */
export interface Value {
  readonly graph: Graph;
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: Dtype;
}

export type Attribute = number | readonly number[] | string | { readonly float: number };

export interface Node {
  /** ONNX's operator, or the name of a composite. */
  readonly op: string;
  /** Inputs that are left out, where ONNX allows that, are undefined. */
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** Of a composite: inner values that its gradient reuses. */
  readonly saved: readonly Value[];
}

export interface Constant {
  readonly value: Value;
  readonly data: Float32Array | BigInt64Array;
}

/** The error for a shape that an operator cannot take. */
export function shapeError(
  op: string,
  why: string,
  ...inputs: readonly { shape: Shape }[]
): SaliencyMixError {
  const shapes = inputs.map(({ shape }) => `[${shape.join(', ')}]`);
  return new SaliencyMixError('MODEL', `${op} cannot take ${shapes.join(' and ')}: ${why}`);
}

export const sizeOf = (shape: Shape): number => shape.reduce((product, side) => product * side, 1);

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((side, axis) => side === b[axis]);

export class Graph {
  readonly inputs: Value[] = [];
  readonly constants: Constant[] = [];
  /** What is run. */
  readonly nodes: Node[] = [];
  /** What backward.ts walks over: the nodes, but one entry for a composite instead of the nodes that it is made of. */
  readonly tape: Node[] = [];
  readonly outputs = new Map<string, Value>();
  readonly #names = new Set<string>();
  readonly #constantOf = new Map<string, Value>();
  #made = 0;

  /** Two values of one name would be one in ONNX. */
  #claim(name: string): void {
    if (this.#names.has(name))
      throw new SaliencyMixError('MODEL', `Two values of the model's graph are named "${name}"`);
    this.#names.add(name);
  }

  input(name: string, shape: Shape, dtype: Dtype = 'float32'): Value {
    this.#claim(name);
    const value = { graph: this, name, shape: [...shape], dtype };
    this.inputs.push(value);
    return value;
  }

  /** A small tensor that is part of the model. For equal data, shape and dtype it is the same value again. */
  constant(
    data: readonly number[],
    shape: Shape = [data.length],
    dtype: 'float32' | 'int64' = 'float32',
  ): Value {
    const key = `${dtype} ${shape.join()} ${data.join()}`;
    const known = this.#constantOf.get(key);
    if (known) return known;
    const value = { graph: this, name: `constant_${this.constants.length}`, shape: [...shape], dtype };
    this.#claim(value.name);
    const kept = dtype === 'int64' ? BigInt64Array.from(data, BigInt) : Float32Array.from(data);
    this.constants.push({ value, data: kept });
    this.#constantOf.set(key, value);
    return value;
  }

  /** The numbers of an int64 constant, such as the axes of a reduction. */
  integersOf(value: Value | undefined): number[] {
    const found = this.constants.find((constant) => constant.value === value);
    if (!found) throw new Error(`${value?.name} is not a constant`);
    return Array.from(found.data, Number);
  }

  scalar(value: number): Value {
    return this.constant([value], []);
  }

  output(name: string, value: Value): void {
    if (this.outputs.has(name)) throw new Error(`two outputs are named ${name}`);
    this.outputs.set(name, value);
  }

  /** Appends a node; `outputs` are the shapes of what it makes. */
  node(
    op: string,
    inputs: readonly (Value | undefined)[],
    attributes: Node['attributes'],
    outputs: readonly { shape: Shape; dtype?: Dtype }[],
  ): Value[] {
    const number = this.#made++;
    const made = outputs.map(({ shape, dtype = 'float32' }, i) => ({
      graph: this,
      name: `${op}_${number}${i === 0 ? '' : `_${i}`}`,
      shape: [...shape],
      dtype,
    }));
    for (const { name } of made) this.#claim(name);
    const node = { op, inputs, outputs: made, attributes, saved: [] };
    this.nodes.push(node);
    this.tape.push(node);
    return made;
  }

  /**
   * Runs `build`, and puts the nodes that it appends on the tape as one operator `op` of `inputs`: the gradient is that
   * operator's rule. `saved` are inner values that the rule uses.
   */
  composite<T extends { outputs: readonly Value[]; saved: readonly Value[] }>(
    op: string,
    inputs: readonly Value[],
    build: () => T,
  ): T {
    const before = this.tape.length;
    const built = build();
    this.tape.length = before;
    this.tape.push({ op, inputs, outputs: built.outputs, attributes: {}, saved: built.saved });
    return built;
  }
}
