/** What ONNX Runtime tells of its use. */

/**
 * Tells ONNX Runtime, unless the user's environment has told it already, not to report its use to its makers: since
 * 1.30 it does so on Linux, too, and leaves a file per process among the temporary ones. Called on the main thread
 * before the library is loaded, because a worker thread's environment is not that of the process.
 */
export function stayPrivate(): void {
  process.env.ORT_DISABLE_TELEMETRY ??= '1';
}
