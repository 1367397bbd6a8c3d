/** Tries a provider in a process of its own, where a driver may fail in any way, and where what it prints is not seen. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { SaliencyMixError } from '../errors';
import type { WorkerStart } from './ort-worker';
import { stayPrivate } from './telemetry';
import { tidy } from './tidy';

/** What trying it has shown. */
export interface Finding {
  /** Why it cannot be had. */
  reason?: string;
  /** WebGPU's driver computes on the processor, which is slower than the provider cpu. */
  isSoftware?: boolean;
}

const PROBE = resolve(__dirname, '..', '..', 'dist', 'onnx', 'probe-process.js');
/** Drivers answer within seconds; one that hangs is none. */
const PATIENCE = 60_000;

/** Opens a session of a small model as a worker that is started so would. */
export function probe(start: WorkerStart, model: Uint8Array): Promise<Finding> {
  if (!existsSync(PROBE)) throw new SaliencyMixError('MODEL', `${PROBE} is missing: npm run build`);
  stayPrivate();
  const words = [PROBE, JSON.stringify(start), Buffer.from(model).toString('base64')];
  const child = spawn(process.execPath, words, {
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

/** The process's answer; with what the driver printed, which says more than ONNX Runtime does where there is no adapter. */
function findingOf(answer: string, printed: string, ended: string): Finding {
  const line = answer.split('\n').find((one) => one.startsWith('{'));
  if (line === undefined) return { reason: `a trial of it ended with ${ended}` };
  const found = JSON.parse(line) as Finding;
  if (found.reason === undefined) return found;
  const [said] = [...printed.matchAll(/^Warning: (.+)$/gm)].map(([, text]) => text);
  return { reason: said === undefined ? tidy(found.reason) : `${tidy(found.reason)} (${said})` };
}
