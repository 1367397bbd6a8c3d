/** Starts a child that runs cases, and ends it where a case takes too long or too much memory. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CHILD = join(dirname(fileURLToPath(import.meta.url)), '..', 'child.mjs');
const MB = 2 ** 20;

/** What a case may take; more where the machine is busy with other things, and little of it was this process. */
const PATIENCE_S = 10;
const BUSY_S = 60;
const WORKED_S = 5;
/** What a process may grow by after its first minute; one input that needs much counts once it is over a while ago. */
const GROWTH_MB = 500;
const TURNS = 40;
export const GROWTH = `memory grew by more than ${GROWTH_MB} MB over many cases`;
const WARM_MS = 60_000;

/** What a process holds, in MB; 0 where the system does not tell. */
function held(pid) {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Seconds that a process has computed; 0 where the system does not tell. */
function worked(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100; // in hundredths, on Linux
  } catch {
    return 0;
  }
}

/** The report of a sanitizer, or the last that was printed. */
function tellingPart(printed) {
  const at = printed.search(/==\d+==ERROR|runtime error:/);
  return at >= 0 ? printed.slice(at, at + 4000) : printed.slice(-2000);
}

/**
 * Runs a child until it ends or is ended.
 *   task    what child.mjs is given
 *   env     of the process, and `memory` (MB) that it may hold
 *   until   time at which it is ended between two cases
 *   onEnd   called with each case and the line about its end; 'stop' ends the child
 *   onHeld  called with the MB that it holds, and the case
 * Gives the case and fault that ended it; undefined where it had done its work or its time was over.
 */
export async function runChild(task, { env, memory, until = Infinity, onEnd, onHeld = () => undefined }) {
  let [current, patience, ended, first] = [undefined, PATIENCE_S, undefined, undefined];
  const started = Date.now();
  let since = started;
  let before = 0;
  let recent = [];
  const child = spawn(process.execPath, ['--expose-gc', CHILD, JSON.stringify(task)], {
    env: { ...process.env, UV_THREADPOOL_SIZE: '3', TMPDIR: join(task.work, 'tmp'), ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => (printed = (printed + text).slice(-200_000)));
  const end = (why) => {
    ended ??= why;
    child.kill('SIGKILL');
  };
  createInterface({ input: child.stdio[3] }).on('line', (text) => {
    const line = JSON.parse(text);
    since = Date.now();
    if (line.begin)
      [current, patience, before] = [line.begin, line.patience ?? PATIENCE_S, worked(child.pid)];
    if (line.end) {
      if (onEnd(current, line) === 'stop') end('time');
      current = undefined;
    }
    if (line.done) ended = 'done';
    if (!line.memory) return;
    if (since - started > WARM_MS) first ??= line.memory;
    if (first !== undefined) recent = [...recent, line.memory].slice(-TURNS);
    if (recent.length === TURNS && Math.min(...recent) - first > GROWTH_MB * MB) end(GROWTH);
  });
  const watch = setInterval(() => {
    if (Date.now() > until && !current) end('time');
    const seconds = (Date.now() - since) / 1000;
    const isLong = seconds > patience && (seconds > BUSY_S || worked(child.pid) - before > WORKED_S);
    if (current && isLong) end(`no end after ${Math.round(seconds)} s`);
    const now = held(child.pid);
    onHeld(now, current);
    if (now > memory) end(`${Math.round(now)} MB of memory, where ${memory} are allowed`);
  }, 50);
  const [code, signal] = await new Promise((done) => child.on('close', (...how) => done(how)));
  clearInterval(watch);
  if (ended === 'done' || ended === 'time') return undefined;
  const what = ended ?? `the process ended with ${signal ?? `code ${code}`}\n${tellingPart(printed)}`;
  return { current, what };
}
