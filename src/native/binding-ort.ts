/** The types of what native/binding/ort.cc exports: the native training engine. */

/** Models and state of the native training engine. */
export type OrtHandle = { readonly ortEngine: unique symbol };

/** A tensor that native code reads; `type` as onnxruntime-node names it. */
export interface NativeTensor {
  name: string;
  type: string;
  data: ArrayBufferView;
  shape: readonly number[];
}

/** A tensor of float32 in memory of the backend on which a model runs; see lendResident. */
export interface NativeLentTensor {
  name: string;
  loan: number;
  shape: readonly number[];
}

/** A tensor's name, type and shape; a side that is not fixed is -1, and the type 'undefined' where it is no tensor. */
interface NativePort {
  name: string;
  type: string;
  shape: number[];
}

export interface NativeTensorCopy extends NativePort {
  bytes: ArrayBuffer;
}

/** A graphics card that ONNX Runtime computes on; `tf32` is 0 or 1. */
export interface NativeCuda {
  device: number;
  tf32: number;
}

/** The functions of the addon that run models. */
export interface OrtCalls {
  /**
   * Version and execution providers of ONNX Runtime's library at a path, and the level of this addon's operators; throws
   * where it is none, or too old, or there is no level that could run.
   */
  ortLibrary(call: { path: string }): { version: string; providers: string[]; level: string };
  /** The following run on the thread that calls them, until they are done. */
  newOrtEngine(call: { path: string }): OrtHandle;
  ortAdd(call: {
    engine: OrtHandle;
    model: string;
    /** A path, or a model's bytes. */
    source: string | Uint8Array;
    threads: number;
    /** First part of the path of a file that says how long each node takes. */
    profile?: string;
    cuda?: NativeCuda;
  }): { inputs: NativePort[]; outputs: NativePort[] };
  ortWrite(call: { engine: OrtHandle; tensors: readonly NativeTensor[] }): void;
  ortRead(call: { engine: OrtHandle; names: readonly string[] }): NativeTensorCopy[];
  ortRun(call: {
    engine: OrtHandle;
    model: string;
    inputs: readonly (NativeTensor | NativeLentTensor)[];
    outputs: readonly string[];
    guard?: string;
  }): NativeTensorCopy[];
  /** Ends the profile of a model; gives the path of its file. */
  ortEndProfile(call: { engine: OrtHandle; model: string }): string;
  ortClose(call: { engine: OrtHandle }): void;
}
