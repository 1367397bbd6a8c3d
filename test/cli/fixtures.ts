/** Real processes on real files: a data set made with sharp, the command line as a user runs it, and what it leaves. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import sharp from 'sharp';
import type { DrawnOperation } from '../../src/operations/plan';
import { noise } from '../batches';

const BIN = resolve(__dirname, '..', '..', 'bin', 'saliencymix.js');

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export function start(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  user: { uid?: number; gid?: number } = {},
): { child: ChildProcess; ended: Promise<Outcome> } {
  const child = spawn(process.execPath, [BIN, ...args], { env: { ...process.env, ...env }, ...user });
  const outcome = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (outcome.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (outcome.stderr += chunk.toString()));
  const ended = new Promise<Outcome>((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => done({ ...outcome, code, signal }));
  });
  return { child, ended };
}

export const run = (...args: string[]): Promise<Outcome> => start(args).ended;

/** What a command says but for its progress, of which a slow machine sees lines. */
export const besideProgress = (stderr: string): string => stderr.replaceAll(/^\d+ of \d+ images, .*\n/gm, '');

/** A folder that goes when the test file is done. */
export function workFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'saliencymix-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function writeInto(folder: string, name: string, bytes: Uint8Array | string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), bytes);
}

/** `count` images of side × side in 3 class folders, as PNG. */
export async function imageFolder(folder: string, count: number, side = 24): Promise<string> {
  for (let i = 0; i < count; i++) {
    const { data } = noise(i, [1, side, side, 3]);
    const png = await sharp(Buffer.from(data), { raw: { width: side, height: side, channels: 3 } })
      .png()
      .toBuffer();
    writeInto(folder, `class_${i % 3}/image_${String(i).padStart(3, '0')}.png`, png);
  }
  return folder;
}

export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

/** Hash of every image (or part file) and of the labels: what must not depend on how a run went. */
export function contents(out: string): Record<string, string> {
  const names = filesBelow(out).filter((name) => !['run.json', 'preview.png'].includes(name));
  return Object.fromEntries(
    names.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(out, name)))
        .digest('hex'),
    ]),
  );
}

export interface Line {
  file: string;
  key?: string;
  row?: number;
  copy: number;
  batch: number;
  mixed: boolean;
  target: { id: string; class: string; operations?: DrawnOperation[] };
  source: { id: string; class: string };
  lambda: number;
  from: { top: number; left: number; bottom: number; right: number } | null;
  to: { top: number; left: number; bottom: number; right: number } | null;
  label: number[];
}

export function labelLines(out: string): Line[] {
  const text = readFileSync(join(out, 'labels.jsonl'), 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
}
