/** Models run by our addon, through the C interface of ONNX Runtime's library. */
import { renameSync } from 'node:fs';
import type { NativeCuda, NativeTensor, NativeTensorCopy, OrtHandle } from '../native/binding-ort';
import { addon } from '../native/load';
import type {
  AddOptions,
  ModelInfo,
  OrtEngine,
  Results,
  RunRequest,
  TensorData,
  TensorInfo,
} from './ort-worker';
import { asFloat32, asInput, type Numbers } from './values';

const tensorOf = (name: string, { data, shape }: TensorData, type?: string): NativeTensor => ({
  name,
  shape,
  ...asInput(data, type),
});

/** The arrays of each type; bools are bytes, and half floats their bits. */
const arrays: Record<string, new (bytes: ArrayBuffer) => Numbers> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bool: Uint8Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
};

function valuesOf({ type, bytes }: NativeTensorCopy): Float32Array {
  // The addon has copied them already.
  if (type === 'float32') return new Float32Array(bytes);
  return asFloat32(type, new arrays[type](bytes));
}

const byName = (copies: readonly NativeTensorCopy[]): Results =>
  Object.fromEntries(copies.map((copy) => [copy.name, { data: valuesOf(copy), shape: [...copy.shape] }]));

function tensorInfo({
  name,
  type,
  shape,
}: {
  name: string;
  type: string;
  shape: readonly number[];
}): TensorInfo {
  if (type === 'undefined') return { name, type: 'not a tensor', shape: [] };
  return { name, type, shape: shape.map((side) => (side > 0 ? side : undefined)) };
}

/** A run blocks the thread that calls it, which is therefore one of its own. */
export class NativeEngine implements OrtEngine {
  readonly #engine: OrtHandle;
  readonly #cuda?: NativeCuda;
  /** By model and input. */
  readonly #inputTypes = new Map<string, Map<string, string>>();
  readonly #profiles = new Map<string, string>();

  /**
   * @param library full path of ONNX Runtime's library
   * @param cuda the graphics card to compute on, in place of the processor
   */
  constructor(library: string, cuda?: NativeCuda) {
    this.#cuda = cuda;
    this.#engine = addon().newOrtEngine({ path: library });
  }

  add(model: string, source: Uint8Array | string, { threads, profile }: AddOptions): ModelInfo {
    const cuda = this.#cuda;
    const added = addon().ortAdd({ engine: this.#engine, model, source, threads, profile, cuda });
    if (profile !== undefined) this.#profiles.set(model, profile);
    this.#inputTypes.set(model, new Map(added.inputs.map(({ name, type }) => [name, type])));
    return { inputs: added.inputs.map(tensorInfo), outputs: added.outputs.map(tensorInfo) };
  }

  write(name: string, tensor: TensorData): void {
    addon().ortWrite({ engine: this.#engine, tensors: [tensorOf(name, tensor)] });
  }

  read(names: readonly string[]): Results {
    return byName(addon().ortRead({ engine: this.#engine, names }));
  }

  run({ model, inputs, lent = {}, outputs, guard }: RunRequest): Results {
    const known = this.#inputTypes.get(model);
    const given = [
      ...Object.entries(inputs).map(([name, tensor]) => tensorOf(name, tensor, known?.get(name))),
      ...Object.entries(lent).map(([name, tensor]) => ({ name, ...tensor })),
    ];
    return byName(addon().ortRun({ engine: this.#engine, model, inputs: given, outputs, guard }));
  }

  close(): void {
    for (const [model, profile] of this.#profiles) {
      renameSync(addon().ortEndProfile({ engine: this.#engine, model }), `${profile}.json`);
    }
    addon().ortClose({ engine: this.#engine });
  }
}
