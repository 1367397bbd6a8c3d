/**
 * A constructor for each ONNX operator (opset 17) that is used: it checks the shapes of its inputs, finds that
 * of the result, and appends the node. They throw SaliencyMixError MODEL for shapes that the operator cannot
 * take. A new operator needs a constructor in this folder and a rule in gradients.ts. Images are NCHW, as in
 * ONNX.
 */
export * from './elementwise';
export * from './layers';
export * from './shapes';
export type { Window } from './window';
