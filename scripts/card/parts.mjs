// Where the two parts are, and what they may weigh.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(fileURLToPath(import.meta.url), '..', '..', '..');
export const CARD = join(ROOT, '.card');
export const ONE = join(CARD, 'one');
export const TWO = join(CARD, 'two');
/** What was downloaded and made on the way, to be used again. */
export const KEPT = join(ROOT, '.cache', 'card');

/** Bytes of a part. */
export const MOST = 60 * 2 ** 20;

/** @throws Error with what the command said */
export function run(command, args, options = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    ...options,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** An empty folder. */
export function fresh(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}
