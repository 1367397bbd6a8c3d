/** Whose lock holds: real processes, living, dead, dead but not yet asked for, and others of the same number. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { LOCK, lockFolder } from '../../src/run/lock';
import { bootId, fromPs, machineId, stateOf } from '../../src/run/process-state';

const folder = mkdtempSync(join(tmpdir(), 'saliencymix-lock-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const onLinux = process.platform === 'linux' ? describe : describe.skip;

const lockOf = (holder: object) =>
  writeFileSync(join(folder, LOCK), JSON.stringify({ host: hostname(), born: '', ...holder }));

/** What a shell says first on its output, while it runs on. */
function firstWord(program: string): Promise<string> {
  const child = spawn('sh', ['-c', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  return new Promise((said) => child.stdout?.once('data', (bytes: Buffer) => said(String(bytes).trim())));
}

/** A process that has ended and whose parent never asks. */
async function zombie(): Promise<number> {
  const pid = Number(await firstWord('sleep 0.3 & echo $!; exec sleep 60'));
  while (!/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')))
    await new Promise((tick) => setTimeout(tick, 5));
  return pid;
}

const isFree = async () => {
  const release = await lockFolder(folder);
  await release();
  expect(readdirSync(folder)).toEqual([]);
};
const isHeld = async (by: number) => {
  const message = `${folder} is being written by process ${by} on ${hostname()}: wait for it, or stop it`;
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'OUTPUT', message });
  rmSync(join(folder, LOCK));
};

test('one that is held, until it is released', async () => {
  const release = await lockFolder(folder);
  expect(JSON.parse(readFileSync(join(folder, LOCK), 'utf8'))).toMatchObject({
    pid: process.pid,
    host: hostname(),
    born: stateOf(process.pid).born,
  });
  await expect(lockFolder(folder)).rejects.toThrow(/is being written by process \d+ on/);
  await release();
  await isFree();
});

test('of a process that is gone', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  lockOf({ pid });
  await isFree();
});

test.each(['', '{', '{}', 'null', '{"pid":0}', '{"pid":-1}'])('a file that names none: %j', async (text) => {
  writeFileSync(join(folder, LOCK), text);
  await isFree();
});

test('of another machine', async () => {
  lockOf({ pid: 1, host: 'elsewhere' });
  await expect(lockFolder(folder)).rejects.toThrow(/on elsewhere: if it no longer runs, delete /);
  rmSync(join(folder, LOCK));
});

test('of a machine of the same name, or before another start of one that has no name for itself', async () => {
  const gone = spawnSync(process.execPath, ['-e', '']).pid;
  lockOf({ pid: gone, machine: 'another' });
  await expect(lockFolder(folder)).rejects.toThrow(
    /, in another container or machine: if it no longer runs, delete /,
  );
  rmSync(join(folder, LOCK));
  lockOf({ pid: gone, machine: machineId() });
  await isFree();
});

test('what is unlocked is only one’s own', async () => {
  const release = await lockFolder(folder);
  lockOf({ pid: process.pid });
  await release();
  await isHeld(process.pid);
});

/** Threads that lock the folder when they are told to, and hold it until they are told to leave it. */
const RIVAL = `
  const { parentPort, workerData: { lock, folder } } = require('node:worker_threads');
  const { lockFolder } = require(lock);
  let release;
  parentPort.on('message', async (word) => {
    if (word === 'leave') await release?.();
    else release = await lockFolder(folder).catch((error) => void (error.code === 'OUTPUT' || console.error(error)));
    parentPort.postMessage(release !== undefined);
    if (word === 'leave') release = undefined;
  });`;

test('of several that find the lock of a dead process, one has the folder', async () => {
  const lock = resolve(__dirname, '..', '..', 'dist', 'run', 'lock.js');
  const workerData = { lock, folder };
  const rivals = Array.from({ length: 4 }, () => new Worker(RIVAL, { eval: true, workerData }));
  const tell = (word: string) =>
    Promise.all(
      rivals.map((rival) => {
        const told = new Promise<boolean>((said) => rival.once('message', said));
        rival.postMessage(word, []);
        return told;
      }),
    );
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  try {
    for (let round = 0; round < 150; round++) {
      lockOf({ pid, round });
      expect((await tell('lock')).filter(Boolean)).toEqual([true]);
      await tell('leave');
      expect(readdirSync(folder)).toEqual([]);
    }
  } finally {
    await Promise.all(rivals.map((rival) => rival.terminate()));
  }
});

onLinux('by what /proc says', () => {
  test('of a process of another container', async () => {
    lockOf({ pid: process.pid, space: 'pid:[1]', boot: bootId(), machine: machineId() });
    await expect(lockFolder(folder)).rejects.toThrow(/, in another container or machine: /);
    rmSync(join(folder, LOCK));
  });

  test('of a living process', async () => {
    const pid = Number(await firstWord('echo $$; exec sleep 60'));
    const { born } = stateOf(pid);
    expect(born).toMatch(/^\d+$/);
    for (const more of [{}, { born }, { born, boot: bootId() }]) {
      lockOf({ pid, ...more });
      await isHeld(pid);
    }
  });

  test('of another process of the same number', async () => {
    lockOf({ pid: process.pid, born: String(Number(stateOf(process.pid).born) - 1), boot: bootId() });
    await isFree();
  });

  test('of the same number and ticks, but before the system was started anew', async () => {
    lockOf({
      pid: process.pid,
      born: stateOf(process.pid).born,
      boot: '5c1a5d0e-0000-4000-8000-000000000000',
    });
    await isFree();
  });

  test('of a process that has ended and was not yet asked for', async () => {
    const pid = await zombie();
    expect(() => process.kill(pid, 0)).not.toThrow();
    lockOf({ pid, born: stateOf(pid).born, boot: bootId() });
    await isFree();
    lockOf({ pid });
    await isFree();
  });
});

const withPs = spawnSync('ps', ['-o', 'lstart=', '-p', String(process.pid)]).status === 0 ? test : test.skip;

withPs('ps, which other systems have, tells the same', async () => {
  const [here, again] = [fromPs(process.pid), fromPs(process.pid)];
  expect(here).toEqual({ ended: false, born: expect.stringMatching(/^\w{3} \w{3} +\d+ [\d:]{8} \d{4}$/) });
  expect(again).toEqual(here);
  const zone = process.env.TZ;
  process.env.TZ = 'Asia/Kathmandu';
  expect(fromPs(process.pid)).toEqual(here);
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
  if (process.platform === 'linux') expect(fromPs(await zombie()).ended).toBe(true);
});
