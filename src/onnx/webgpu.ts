/** ONNX Runtime's WebGPU provider: what it needs, and that one thread at a time uses it. */
import { SaliencyMixError } from '../errors';
import { tidy } from './tidy';

/** What it needs, by platform; the reason comes first. */
const NEEDS: Partial<Record<NodeJS.Platform, string>> = {
  linux:
    "WebGPU needs a graphics card, its Vulkan driver (NVIDIA's own, or Debian's mesa-vulkan-drivers for others) and Vulkan's loader (Debian: libvulkan1)",
  darwin: 'WebGPU needs a graphics card that Metal knows, and onnxruntime-node for it (Apple silicon)',
  win32: 'WebGPU needs a graphics card with a driver for Direct3D 12',
};

export function noWebGpu(reason: string, cause?: unknown): SaliencyMixError {
  const needs = NEEDS[process.platform] ?? 'onnxruntime-node has WebGPU for Linux, macOS and Windows';
  const instead = "provider 'cpu' trains without";
  return new SaliencyMixError(
    'BACKEND',
    `There is no WebGPU to train on: ${tidy(reason)}. ${needs}; ${instead}`,
    {
      cause,
    },
  );
}

/** What ONNX Runtime says where there is no adapter, or none that it can use. */
export const isWebGpuMissing = (reason: string): boolean =>
  /WebGPU adapter|WebGPU device|has no WebGPU|Failed to (?:initialize|load|create).*(?:Dawn|dawn|dxc|WebGPU)/.test(
    reason,
  );

let isTaken = false;

/**
 * Takes WebGPU for one thread, until the function that is given back is called: two threads that run models on it at
 * once end the process (ONNX Runtime's issues 32561 and 31627).
 * @throws SaliencyMixError BACKEND while another thread has it
 */
export function takeWebGpu(): () => void {
  if (isTaken) {
    const what =
      'Another trainer of this process uses WebGPU, and ONNX Runtime bears only one at a time: close() it first';
    throw new SaliencyMixError('BACKEND', what);
  }
  isTaken = true;
  let isMine = true;
  return () => {
    if (isMine) isTaken = false;
    isMine = false;
  };
}
