/** Loads onnxruntime-node, which is optional. Worker threads do that when they open their first model. */
import { reasonOf } from '../errors';
import { onnxruntimeLine } from '../package-manager';

export type Runtime = typeof import('onnxruntime-node');
export type { InferenceSession, Tensor } from 'onnxruntime-node';

let runtime: Runtime | undefined;

/** @throws Error that says what to install */
export function loadRuntime(): Runtime {
  try {
    runtime ??= require('onnxruntime-node') as Runtime;
    return runtime;
  } catch (error) {
    throw new Error(`it needs the package onnxruntime-node (${onnxruntimeLine()}): ${reasonOf(error)}`, {
      cause: error,
    });
  }
}
