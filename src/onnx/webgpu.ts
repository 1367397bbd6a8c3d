/** ONNX Runtime's WebGPU provider: whether it can be had here, why not, and that one thread at a time uses it. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { SaliencyMixError } from '../errors';
import { stayPrivate } from './telemetry';

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

/** ONNX Runtime's words without places in its source and the condition that it tested. */
const tidy = (reason: string) =>
  reason
    .replaceAll(/\s+/g, ' ')
    .replace(/^(ONNX Runtime: )?\/onnxruntime_src\/.* was false\. /, '')
    .replace(/[. ]+$/, '');

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

/** What trying it has shown. */
export interface WebGpuFinding {
  /** Why it cannot be had. */
  reason?: string;
  /** The driver computes on the processor, which is slower than the provider cpu. */
  isSoftware?: boolean;
}

const PROBE = resolve(__dirname, '..', '..', 'dist', 'onnx', 'webgpu-probe.js');
/** Drivers answer within a second; one that hangs is none. */
const PATIENCE = 30_000;

/**
 * Opens a session of a small model on WebGPU in a process of its own, where a driver may fail in any way, and where what it
 * prints is not seen.
 */
export function probeWebGpu(model: Uint8Array): Promise<WebGpuFinding> {
  if (!existsSync(PROBE)) throw new SaliencyMixError('MODEL', `${PROBE} is missing: npm run build`);
  stayPrivate();
  const child = spawn(process.execPath, [PROBE, Buffer.from(model).toString('base64')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    timeout: PATIENCE,
    killSignal: 'SIGKILL',
    windowsHide: true,
  });
  return new Promise((done) => {
    let [answer, printed] = ['', ''];
    child.stdout.on('data', (text) => (answer += String(text)));
    child.stderr.on('data', (text) => (printed += String(text)));
    child.on('error', ({ message }) => done({ reason: message }));
    child.on('close', (code, signal) => done(findingOf(answer, printed, signal ?? `exit code ${code}`)));
  });
}

/** The probe's answer; with what the driver printed, which says more than ONNX Runtime does where there is no adapter. */
function findingOf(answer: string, printed: string, ended: string): WebGpuFinding {
  const line = answer.split('\n').find((one) => one.startsWith('{'));
  if (line === undefined) return { reason: `a trial of it ended with ${ended}` };
  const found = JSON.parse(line) as WebGpuFinding;
  if (found.reason === undefined) return found;
  const [said] = [...printed.matchAll(/^Warning: (.+)$/gm)].map(([, text]) => text);
  return { reason: said === undefined ? tidy(found.reason) : `${tidy(found.reason)} (${said})` };
}
