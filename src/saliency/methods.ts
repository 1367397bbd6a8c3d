/** The saliency methods by name. The native ones are listed in native/core/saliency/methods.def; a test holds both equal. */
import { nativeMethods } from './native-methods';

export { nativeMethods };
export type NativeMethod = (typeof nativeMethods)[number];

/** `learned` is any ONNX saliency model, given as `saliencyModel`. */
export const saliencyMethods = [...nativeMethods, 'learned'] as const;
export type SaliencyMethod = (typeof saliencyMethods)[number];
