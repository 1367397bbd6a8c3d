/** Numbers of any type as float32. */
import { types } from 'node:util';
import { fromFloat16 } from '../half';

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
