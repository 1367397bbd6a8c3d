/**
 * One constructor per ONNX operator (opset 20): checks shapes, tells the result's, appends the node. A new operator is
 * one entry in a file of this folder and one in gradients.ts. Images are NCHW, as ONNX has them.
 */
export * from './elementwise';
export * from './layers';
export * from './shapes';
export type { Window } from './window';
