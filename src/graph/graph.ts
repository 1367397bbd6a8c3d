/**
 * A graph of ONNX operators: values with static shapes, and nodes in the order in which they are made and run.
 * Operators are in ops/, gradients in gradients.ts and backward.ts, the file format in onnx.ts.
 */
import { SaliencyMixError } from '../errors';

export type Dtype = 'float32' | 'int64' | 'bool' | 'uint8';
export type Shape = readonly number[];

/** A tensor of the graph: an input, a constant, or the result of a node. */
export interface Value {
  readonly graph: Graph;
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: Dtype;
}

/** A number is an int attribute of ONNX; a float is written as { float }. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

export interface Node {
  /** ONNX's operator, or the name of a composite. */
  readonly op: string;
  /** An optional input that is left out is undefined. */
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  /** For a composite: inner values that its gradient rule reads. */
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

/**
 * What a graph is written for: on graphics cards other forms of the same function are fast, and each node is to run there. By
 * WebGPU and by CUDA they differ, too, as their convolutions and products are not the same.
 */
export type Target = 'cpu' | 'webgpu' | 'cuda';

export class Graph {
  readonly target: Target;
  readonly inputs: Value[] = [];
  readonly constants: Constant[] = [];
  /** The nodes that run. */
  readonly nodes: Node[] = [];
  /**
   * The list that backward.ts differentiates: the nodes, but one entry for each composite instead of its nodes.
   */
  readonly tape: Node[] = [];
  readonly outputs = new Map<string, Value>();
  readonly #names = new Set<string>();
  readonly #constantOf = new Map<string, Value>();
  #made = 0;

  constructor(target: Target = 'cpu') {
    this.target = target;
  }

  /** Refuses a name that is in use: ONNX would take the two values for one. */
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

  /** A small tensor that is part of the model. Equal data, shape and dtype give the same value. */
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

  /** A value that no node makes: on the tape it stands for what nodes that read it compute for themselves. */
  unwritten(shape: Shape): Value {
    const value = {
      graph: this,
      name: `unwritten_${this.#made++}`,
      shape: [...shape],
      dtype: 'float32' as const,
    };
    this.#claim(value.name);
    return value;
  }

  output(name: string, value: Value): void {
    if (this.outputs.has(name)) throw new Error(`two outputs are named ${name}`);
    this.outputs.set(name, value);
  }

  /** Appends a node; `outputs` are shapes and dtypes of its results. */
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
   * Runs `build`, which appends nodes, and puts them on the tape as one operator `op` of `inputs`. Its gradient
   * is the rule of `op`, which may read the inner values `saved` and the attributes.
   */
  composite<T extends { outputs: readonly Value[]; saved: readonly Value[] }>(
    op: string,
    inputs: readonly Value[],
    build: () => T,
    attributes: Node['attributes'] = {},
  ): T {
    const before = this.tape.length;
    const built = build();
    this.tape.length = before;
    this.tape.push({ op, inputs, outputs: built.outputs, attributes, saved: built.saved });
    return built;
  }
}
