// What the addons of all platforms are compiled with, fetched once into build/release/tools: each of one version or digest.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JPEG, NASM, ZIG } from './targets.mjs';

export const here = dirname(fileURLToPath(import.meta.url));
export const root = resolve(here, '..', '..');
export const release = join(root, 'build', 'release');
export const tools = join(release, 'tools');

export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (done.status === 0) return done.stdout;
  const output = `${done.stdout ?? ''}${done.stderr ?? ''}${done.error?.message ?? ''}`;
  throw new Error(`${command} ${args.join(' ')} failed:\n${output.split('\n').slice(-40).join('\n')}`);
}

/** Zig's program, which is fetched once. */
export function zig() {
  const folder = join(tools, 'zig');
  const program = join(folder, 'package', 'zig');
  if (existsSync(program)) return program;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  console.log(`fetching ${ZIG}`);
  run('npm', ['pack', ZIG, '--silent', '--pack-destination', folder]);
  const [archive] = readdirSync(folder);
  run('tar', ['xzf', archive], { cwd: folder });
  rmSync(join(folder, archive));
  chmodSync(program, 0o755);
  return program;
}

/** Fetches an archive that is pinned by its digest, and unpacks it by `unpack`; gives the folder. */
async function fetched({ url, sha256 }, unpack) {
  const folder = join(tools, basename(url).replace(/\.(tar\..*|deb)$/, ''));
  if (existsSync(folder)) return folder;
  console.log(`fetching ${url}`);
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${answer.statusText}`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) throw new Error(`${url} is not what it was: SHA-256 ${found}`);
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  writeFileSync(join(partial, 'archive'), bytes);
  unpack(partial);
  renameSync(partial, folder);
  return folder;
}

export const jpegSource = () =>
  fetched(JPEG, (cwd) => run('tar', ['xf', 'archive', '--strip-components=1'], { cwd }));

export const nasm = async () =>
  join(await fetched(NASM, (cwd) => run('dpkg-deb', ['-x', 'archive', '.'], { cwd })), 'usr', 'bin', 'nasm');
