// Builds and runs the native program: on a card, or its dry run on the host.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { UsageError } from '../../lib/options.mjs';
import { Mismatch } from '../../lib/rounds.mjs';

/** What the program ends with where there is no card. */
const NO_CARD = 3;

const said = (command, ...words) => {
  const { status, stdout } = spawnSync(command, words, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
};

const nvcc = () =>
  [process.env.CUDACXX, 'nvcc', '/usr/local/cuda/bin/nvcc'].find((path) => path && said(path, '--version'));

/** Compute capabilities to compile for: CUDAARCHS, those of the card that is there, or the H100's. */
function architectures() {
  if (process.env.CUDAARCHS) return process.env.CUDAARCHS;
  const found = said('nvidia-smi', '--query-gpu=compute_cap', '--format=csv,noheader');
  return found?.split('\n')[0].replace('.', '') || '90';
}

function step(what, command, words) {
  const { status, stdout, stderr, error } = spawnSync(command, words, { encoding: 'utf8' });
  if (status === 0) return;
  const output = error?.message ?? `${stdout}${stderr}`.split('\n').slice(-40).join('\n');
  throw new Error(`${what} failed\n${output}`);
}

/**
 * Gives the program's path.
 * @throws UsageError where a tool is missing
 */
export function buildProgram(root, { host }) {
  const compiler = host ? undefined : nvcc();
  if (!host && !compiler)
    throw new UsageError('No graphics card can be measured: no CUDA compiler (nvcc) was found.');
  if (!said('cmake', '--version')) throw new UsageError('CMake was not found: apt-get install cmake');
  const folder = join(root, 'build', host ? 'gpu-bench-host' : 'gpu-bench');
  const target = host ? 'gpu_bench_host' : 'gpu_bench';
  const settings = ['-DSALIENCYMIX_GPU_BENCH=ON', '-DSALIENCYMIX_JPEG=OFF', '-DCMAKE_BUILD_TYPE=Release'];
  if (host) settings.push('-DSALIENCYMIX_CUDA=OFF');
  else {
    settings.push('-DSALIENCYMIX_CUDA=ON', `-DCMAKE_CUDA_COMPILER=${compiler}`);
    settings.push(`-DCMAKE_CUDA_ARCHITECTURES=${architectures()}`);
  }
  console.log(`builds ${target} in ${folder}`);
  step('cmake', 'cmake', ['-S', root, '-B', folder, ...settings]);
  const parallel = String(availableParallelism());
  step('the build', 'cmake', ['--build', folder, '--target', target, '--parallel', parallel]);
  const program = join(folder, 'benchmarks', 'gpu', target);
  if (!existsSync(program)) throw new Error(`${program} was not built`);
  return program;
}

/**
 * Runs a command that prints JSON lines; every one goes to `take`. Other lines are passed over.
 * Gives its status and what it said on stderr.
 */
export async function runLines(command, words, take, environment = {}) {
  const env = { ...process.env, ...environment };
  const child = spawn(command, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr = (stderr + text).slice(-4000);
  });
  child.on('error', (error) => {
    stderr += error.message;
  });
  const ended = once(child, 'close').catch(() => [127]);
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{')) take(JSON.parse(line));
  }
  const [status] = await ended;
  return { status, stderr: stderr.trim() };
}

/** @throws UsageError where there is no card, Mismatch where a result was wrong or the program failed */
export async function runProgram(program, { quick, rounds, only, host }, take) {
  const words = [];
  if (!host) {
    if (quick) words.push('--quick');
    if (rounds) words.push('--rounds', rounds);
    if (only) words.push('--only', only);
  }
  const { status, stderr } = await runLines(program, words, take);
  if (status === NO_CARD) throw new UsageError(`No graphics card can be measured: ${stderr}.`);
  if (status !== 0) throw new Mismatch(stderr || `${program} ended with status ${status}`);
}
