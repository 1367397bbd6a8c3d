/** The names of the saliency methods. A test compares the native ones with those that the addon has. */
import { nativeMethods } from './native-methods';

export { nativeMethods };
export type NativeMethod = (typeof nativeMethods)[number];

/**
 * `float-bytes` is what the authors' released code computes; `learned` is any ONNX saliency model, given as `saliencyModel`.
 */
export const saliencyMethods = [...nativeMethods, 'float-bytes', 'learned'] as const;
export type SaliencyMethod = (typeof saliencyMethods)[number];

/** What a mixer may be told: one of these, or that its maps are the gradient's of a network, which come with each batch. */
export const mixSaliencies = [...saliencyMethods, 'gradient'] as const;
