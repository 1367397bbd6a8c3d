/** ONNX Runtime's words without places in its source and the condition that it tested. */
export const tidy = (reason: string) =>
  reason
    .replaceAll(/\s+/g, ' ')
    .replace(/^(ONNX Runtime: )?\/onnxruntime_src\/.* was false\. /, '')
    .replace(/[. ]+$/, '');
