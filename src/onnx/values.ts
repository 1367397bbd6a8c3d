/** Numbers of a model's types from float32, and back. */
import { types } from 'node:util';
import { fromFloat16, toFloat16 } from '../half';
import type { TensorData } from './ort-worker';

/** A typed array of numbers, with the name that onnxruntime-node gives to their type. */
export type Numbers =
  | Float32Array
  | Float64Array
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** The values of a tensor, in an array of its own. */
export function asFloat32(type: string, data: Numbers): Float32Array {
  // Where the language has a Float16Array the runtime gives that, else the bits.
  if (type === 'float16' && types.isUint16Array(data)) return fromFloat16(data);
  if (types.isBigInt64Array(data) || types.isBigUint64Array(data)) return Float32Array.from(data, Number);
  return Float32Array.from(data as Float32Array);
}

/** The values as a model's input takes them, with their type: another one of floats where `type` is one. */
export function asInput(data: TensorData['data'], type?: string) {
  if (types.isUint8Array(data)) return { type: 'bool', data } as const;
  if (types.isBigInt64Array(data)) return { type: 'int64', data } as const;
  if (type === 'float16') return { type, data: toFloat16(data) } as const;
  if (type === 'float64') return { type, data: Float64Array.from(data) } as const;
  return { type: 'float32', data } as const;
}
