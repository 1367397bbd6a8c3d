// A contender's process, seen from outside: JSON lines to its stdin, one JSON line back for each.
//
// {cmd: "describe"}                      -> {name, versions, variants: [{…}], shared?, remarks?} or {missing, install}
//                                           shared: those with as many threads are to have one process, where processes
//                                           that differ in nothing else would differ by more than what is measured
//                                           remarks: sentences on what its speed depends on, on this machine
// {cmd: "prepare", job, variant, root}   -> {} or {skip: "why"}
// {cmd: "result", variant, folder, drawn} -> {arrays: {name: {file, dtype, shape}}, facts: {…}}: of the first batch
//                                           drawn: facts of the reference
// {cmd: "run", variant, repeat}          -> {ms, cpuMs, peakMB}: time of so many batches, each the next one of the inputs;
//                                           CPU time of the process meanwhile (user and system, all threads); the most
//                                           memory the process ever held, where it is one process that does it all
//
// Any of them may come back as {error}. The other side is node-contender.mjs and python_contender.py.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const NODE_SIDE = fileURLToPath(new URL('node-contender.mjs', import.meta.url));
const PYTHON_SIDE = fileURLToPath(new URL('python_contender.py', import.meta.url));

/**
 * Rivals leave no files behind, run on one thread, and their allocator keeps its memory: given back to the system and
 * fetched anew for every batch, large tensors would cost more in page faults than in work.
 */
const ENVIRONMENT = {
  OMP_NUM_THREADS: '1',
  PYTHONDONTWRITEBYTECODE: '1',
  MALLOC_MMAP_MAX_: '0',
  MALLOC_TRIM_THRESHOLD_: String(2 ** 34),
};

/** For a rival whose allocator does what the system's does by default. Variables that are undefined are not set. */
export const SYSTEM_ALLOCATOR = { MALLOC_MMAP_MAX_: undefined, MALLOC_TRIM_THRESHOLD_: undefined };

/** Of what a process said last on stderr, kept for the error message. */
const TAIL = 2000;

let pythonFound;

/**
 * The Python that has the rivals. A pyenv or conda in front of the system's Python does not see Debian's packages, so
 * the system's is tried too; SALIENCYMIX_BENCH_PYTHON names another.
 */
function findPython() {
  if (pythonFound !== undefined) return pythonFound;
  const wanted = process.env.SALIENCYMIX_BENCH_PYTHON;
  const candidates = wanted ? [wanted] : ['python3', '/usr/bin/python3'];
  const has = (code) => (command) => spawnSync(command, ['-c', code]).status === 0;
  const anyOf = 'import importlib.util as u, sys; sys.exit(not any(map(u.find_spec, ("cv2", "torch"))))';
  pythonFound = candidates.find(has(anyOf)) ?? candidates.find(has('')) ?? null;
  return pythonFound;
}

function commandOf(file) {
  if (file.pathname.endsWith('.mjs')) return [process.execPath, [NODE_SIDE, fileURLToPath(file)]];
  return findPython() && [findPython(), [PYTHON_SIDE, fileURLToPath(file)]];
}

/** What comes before a command so that it has the first processor and no other; nothing where the system cannot say that. */
const FIRST_PROCESSOR = ['taskset', '-c', '0'];
const confines = spawnSync(FIRST_PROCESSOR[0], [...FIRST_PROCESSOR.slice(1), 'true']).status === 0;

/** Whether who runs on one thread has one processor: Node has threads of its own, which would work on another one. */
export const oneProcessorEach = () => confines;

export class ContenderProcess {
  #child;
  #lines;
  #stderr = '';

  /** `file`: URL of the contender's file. `environment`: added to this process's own. `threads`: how many it runs on. */
  constructor(file, environment = {}, threads) {
    const command = commandOf(file);
    if (!command) throw new Error('python3 is not there');
    const python = command[0] !== process.execPath;
    const env = { ...process.env, ...(python && ENVIRONMENT), ...environment };
    const before = threads === 1 && confines ? FIRST_PROCESSOR : [];
    const [program, ...words] = [...before, command[0], ...command[1]];
    this.#child = spawn(program, words, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.on('error', (error) => {
      this.#stderr += error.message;
    });
    this.#child.stdin.on('error', () => undefined); // it has ended; the missing answer tells
    this.#child.stderr.on('data', (text) => {
      this.#stderr = (this.#stderr + text).slice(-TAIL);
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Sends one request and waits for its answer. Rejects when the contender failed or has ended. */
  async ask(cmd, request = {}) {
    this.#child.stdin.write(`${JSON.stringify({ cmd, ...request })}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the process ended during "${cmd}"\n${this.#stderr}`);
    const answer = JSON.parse(value);
    if (answer.error) throw new Error(`${answer.error}${this.#stderr && `\n${this.#stderr}`}`);
    return answer;
  }

  async end() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.stdin.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(timer);
  }
}
