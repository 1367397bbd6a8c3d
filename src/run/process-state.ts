/** Whether a process of this machine still runs, and when it started, which tells it from a later one of the same number. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { systemCode } from '../errors';

export interface ProcessState {
  /** Nothing of it runs any more, also where its parent has not yet asked how it ended. */
  ended: boolean;
  /** When it started, in the system's words; empty where not known. */
  born: string;
}

const UNKNOWN: ProcessState = { ended: false, born: '' };

/** A process that has ended stays listed until its parent asks for it: as Z, a zombie, or for a moment as X. */
const isOver = (state: string) => /^[ZXx]/.test(state);

/** The fields of a stat file in /proc from the third on; the name before them may hold spaces and brackets. */
function fieldsOf(file: string): string[] {
  const stat = readFileSync(file, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** From Linux's /proc: the state is field 3 of stat, the start, in ticks since the system's, field 22. */
function fromProc(pid: number): ProcessState {
  try {
    const fields = fieldsOf(`/proc/${pid}/stat`);
    // The first thread is a zombie also while others finish a write.
    const ended =
      isOver(fields[0]) &&
      readdirSync(`/proc/${pid}/task`).every((thread) =>
        isOver(fieldsOf(`/proc/${pid}/task/${thread}/stat`)[0]),
      );
    return { ended, born: fields[19] ?? '' };
  } catch {
    return UNKNOWN;
  }
}

/** From `ps`, as macOS and the BSDs have it. */
export function fromPs(pid: number): ProcessState {
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' }; // the same words whoever asks
  const { stdout, status } = spawnSync('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)], {
    env,
    encoding: 'utf8',
  });
  const [, state, born] = /^\s*(\S+)\s+(.*\S)\s*$/.exec(status === 0 ? stdout : '') ?? [];
  return state === undefined ? UNKNOWN : { ended: isOver(state), born };
}

export function stateOf(pid: number): ProcessState {
  try {
    process.kill(pid, 0); // asks, sends nothing
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return { ended: true, born: '' };
  }
  if (process.platform === 'linux') return fromProc(pid);
  return process.platform === 'win32' ? UNKNOWN : fromPs(pid);
}

/** A name of the system's present run, of Linux; empty elsewhere. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** What a machine is called by its system, of Linux, so that two of the same host name are told apart; empty elsewhere. */
export function machineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    return '';
  }
}

/** Which processes this one can ask for by number: those of its container, of Linux; empty elsewhere. */
export function processSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
