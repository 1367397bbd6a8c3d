/** What ONNX Runtime's CUDA provider needs, and what of it is missing here. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { SaliencyMixError } from '../errors';

/** The provider's own libraries, which ONNX Runtime loads from its own folder. */
const OWN: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  linux: ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'],
  win32: ['onnxruntime_providers_shared.dll', 'onnxruntime_providers_cuda.dll'],
};

const OWN_ADVICE =
  "onnxruntime-node's install step fetches it on Linux x64 (npm rebuild onnxruntime-node --foreground-scripts), or SALIENCYMIX_ORT names a folder with libonnxruntime, its providers_shared and providers_cuda of one release";

/** What brings a library. */
const SOURCES: readonly [name: RegExp, source: string][] = [
  [/^libcuda\.so/, "NVIDIA's driver"],
  [/^libcudnn/, 'cuDNN 9 for the same CUDA (NVIDIA: cudnn9-cuda-13; PyPI: nvidia-cudnn-cu13)'],
  [
    /^lib(cublas|cudart|curand|cufft|nvrtc|nvJitLink)/,
    'the CUDA libraries of the release that the number says (NVIDIA: cuda-libraries-13-0; PyPI: nvidia-cublas and the like)',
  ],
];

const sourceOf = (library: string) => SOURCES.find(([name]) => name.test(library))?.[1] ?? 'the system';

/** Names of libraries that a file is linked to and that are not found. */
function unfound(file: string): string[] {
  const { stdout, error } = spawnSync('ldd', [file], { encoding: 'utf8' });
  if (error) return []; // without ldd, ONNX Runtime names the first
  return [...stdout.matchAll(/^\s*(\S+) => not found/gm)].map(([, name]) => name);
}

/** cuDNN is asked for when the first convolution runs. */
const LATER = 'libcudnn.so.9';

function isFound(library: string): boolean {
  const folders = (process.env.LD_LIBRARY_PATH ?? '').split(delimiter).filter(Boolean);
  if (folders.some((folder) => existsSync(join(folder, library)))) return true;
  const { stdout, error } = spawnSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' });
  return error !== undefined || stdout.includes(library);
}

/**
 * Why the CUDA provider cannot be had beside a library of ONNX Runtime: each library that is missing, with what brings it.
 * Undefined where nothing is missing; whether there is a card, only trying tells.
 */
export function cudaProblem(library: string): string | undefined {
  const own = OWN[process.platform];
  if (own === undefined) return `ONNX Runtime has no CUDA for ${process.platform}`;
  const folder = dirname(library);
  const missing = own.filter((name) => !existsSync(join(folder, name)));
  if (missing.length > 0)
    return `${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not in ${folder}: ${OWN_ADVICE}`;
  if (process.platform !== 'linux') return undefined;
  const libraries = unfound(join(folder, own[1]));
  if (libraries.length === 0 && !isFound(LATER)) libraries.push(LATER);
  if (libraries.length === 0) return undefined;
  const sources = [...new Set(libraries.map(sourceOf))];
  const namesOf = (source: string) => libraries.filter((name) => sourceOf(name) === source).join(', ');
  return sources.map((source) => `${namesOf(source)} not found, brought by ${source}`).join('; ');
}

export const noCuda = (reason: string, cause?: unknown): SaliencyMixError =>
  new SaliencyMixError(
    'BACKEND',
    `There is no CUDA to train on: ${reason.replace(/^ONNX Runtime: /, '')}; provider 'webgpu' trains on a graphics card without, 'cpu' without one`,
    { cause },
  );

/** What CUDA says once a card has failed: it fell off the bus, a kernel did something that it may not, memory has a fault. */
const saysLost = (reason: string): boolean =>
  /CUDA failure (?:4|214|220|700|702|709|710|71[4-9]|719|999)\b|unspecified launch failure|illegal memory access|uncorrectable ECC/.test(
    reason,
  );

let isLost = false;

/** Whether the card has failed, for this process: what comes later fails for other reasons, too, such as for want of memory. */
export function isCudaLost(reason: string): boolean {
  isLost ||= saysLost(reason);
  return isLost;
}

export const lostCuda = (reason: string, cause?: unknown): SaliencyMixError =>
  new SaliencyMixError(
    'BACKEND',
    `${reason}\nThe graphics card has failed, and this process cannot use it any more: weights that were there are lost. Start a new process with the last checkpoint (--resume), on the card once nvidia-smi shows it again, or with provider 'cpu'`,
    { cause },
  );

/** What ONNX Runtime says where the provider or the card cannot be had. */
export const isCudaMissing = (reason: string): boolean =>
  /CUDAExecutionProvider|Failed to load (?:shared )?library|CUDA failure (?:3|35|100|101)\b|no CUDA-capable device/.test(
    reason,
  );
