/** The package as users have it installed: with the addon in a package for its platform, or without one, or without sharp. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { platformHere, platforms } from '../src/native/platforms';
import { installLine, packageManager, reinstallLine } from '../src/package-manager';

const ROOT = resolve(__dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'saliencymix-install-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const ADDON = readFileSync(join(ROOT, 'build', 'Release', 'saliencymix.node'));
const SHA256 = createHash('sha256').update(ADDON).digest('hex');

/** A folder with this package as it is published, beside links to all packages that it needs but those `left`. */
function installed(name: string, left: readonly string[] = []): string {
  const modules = join(work, name, 'node_modules');
  const folder = join(modules, 'saliencymix');
  mkdirSync(folder, { recursive: true });
  for (const part of ['dist', 'bin', 'package.json', 'scripts/build-addon.mjs'])
    cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  for (const one of readdirSync(join(ROOT, 'node_modules')))
    if (!left.includes(one) && one !== '.bin')
      symlinkSync(join(ROOT, 'node_modules', one), join(modules, one));
  return join(work, name);
}

/** The package with the addon, of which `addon` is in its place. */
function addPlatform(project: string, addon: Uint8Array, sha256 = SHA256): void {
  const folder = join(project, 'node_modules', '@saliencymix', platformHere());
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'saliencymix.node'), addon);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: `@saliencymix/${platformHere()}`, main: './saliencymix.node', sha256 }),
  );
}

/** What a script in the project prints as JSON, or throws. */
function run(project: string, script: string, env: Record<string, string> = {}): unknown {
  const code = `(async () => { const m = require('saliencymix'); ${script} })()
    .catch(({ code, message }) => ({ code, message })).then((it) => console.log(JSON.stringify(it)));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', code], {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, npm_config_user_agent: '', ...env },
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

const MIX = `const { images, labels } = await m.createMixer({ classes: 2, seed: 1, probability: 1 })
    .mix({ data: Uint8Array.from({ length: 2 * 8 * 8 * 3 }, (_, i) => i * 7), shape: [2, 8, 8, 3] }, Int32Array.of(0, 1));
  return [images.shape, labels.length];`;

test('the switch that loads the addon has a line for every platform, and no other', () => {
  const text = readFileSync(join(ROOT, 'src', 'native', 'prebuilt.ts'), 'utf8');
  const lines = [...text.matchAll(/case '([^']+)':\s+return require\('@saliencymix\/([^']+)'\)/g)];
  expect(lines.map(([, name]) => name)).toEqual(Object.keys(platforms));
  for (const [, name, loaded] of lines) expect(loaded).toBe(name);
});

test('with the package for its platform it mixes', () => {
  const project = installed('whole');
  addPlatform(project, ADDON);
  expect(run(project, MIX)).toEqual([[2, 8, 8, 3], 4]);
});

describe('without an addon that loads', () => {
  const cases: [string, (project: string) => void, RegExp][] = [
    ['no package', () => undefined, /@saliencymix\/\S+: Cannot find module '@saliencymix/],
    [
      'one that was cut short',
      (project) => addPlatform(project, ADDON.subarray(0, 5000)),
      /@saliencymix\/\S+: .+saliencymix\.node is damaged or was changed/,
    ],
    [
      'one with a changed byte',
      (project) =>
        addPlatform(
          project,
          ADDON.map((byte, i) => (i === ADDON.length >> 1 ? byte ^ 1 : byte)),
        ),
      /@saliencymix\/\S+: .+saliencymix\.node is damaged or was changed/,
    ],
    [
      'one that is no addon',
      (project) => {
        const text = Buffer.from('not made for this machine');
        addPlatform(project, text, createHash('sha256').update(text).digest('hex'));
      },
      /@saliencymix\/\S+: .*(invalid|ELF|Mach-O|Win32|too short)/,
    ],
    [
      'one of another version',
      (project) => {
        const manifest = join(project, 'node_modules', 'saliencymix', 'package.json');
        writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(`"${version}"`, '"7.7.7"'));
        addPlatform(project, ADDON);
      },
      /@saliencymix\/\S+: is of saliencymix \S+, and this is 7\.7\.7/,
    ],
  ];
  test.each(cases)('%s: it says what was tried and what to do', (name, prepare, words) => {
    const project = installed(name);
    prepare(project);
    const { code, message } = run(project, MIX, { npm_config_user_agent: 'pnpm/9.1.0 npm/? node/v20' }) as {
      code: string;
      message: string;
    };
    expect(code).toBe('ADDON');
    expect(message).toMatch(/build\/Release\/saliencymix\.node: not there/);
    expect(message).toMatch(words);
    expect(message).toContain('pnpm install');
    expect(message).toContain('npx saliencymix build');
    expect(message).not.toContain('npm run build:native');
  });
});

test('on a platform without a package it says which there are, and how to compile', () => {
  const project = installed('freebsd');
  const there = `Object.defineProperty(process, 'platform', { value: 'freebsd' }); ${MIX}`;
  const { code, message } = run(project, there) as { code: string; message: string };
  expect(code).toBe('ADDON');
  expect(message).toMatch(/missing for freebsd-\w+, Node v/);
  expect(message).toMatch(/no package for freebsd-\w+, only for linux-x64-gnu, .*darwin-x64/);
  expect(message).toContain('npx saliencymix build');
});

test('two copies in one tree: each loads its own addon, and one of another version says so alone', () => {
  const project = installed('two');
  addPlatform(project, ADDON);
  const second = join(project, 'node_modules', 'user', 'node_modules');
  cpSync(join(project, 'node_modules', 'saliencymix'), join(second, 'saliencymix'), { recursive: true });
  const both = `const first = m;
    const mixed = async (m) => { ${MIX} };
    const second = require('./node_modules/user/node_modules/saliencymix');
    if (first.createMixer === second.createMixer) throw new Error('one copy');
    return [await mixed(first), await mixed(second).catch(({ message }) => message)];`;
  const mixed = [[2, 8, 8, 3], 4];
  expect(run(project, both)).toEqual([mixed, mixed]);
  const manifest = join(second, 'saliencymix', 'package.json');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(`"${version}"`, '"7.7.7"'));
  expect(run(project, both)).toEqual([
    mixed,
    expect.stringMatching(/is of saliencymix \S+, and this is 7\.7\.7/),
  ]);
});

test('without sharp arrays are mixed, and files say what they need', async () => {
  const project = installed('no-sharp', ['sharp']);
  addPlatform(project, ADDON);
  expect(run(project, MIX)).toEqual([[2, 8, 8, 3], 4]);
  const raw = { width: 8, height: 8, channels: 3 } as const;
  for (const kind of ['cat', 'dog']) {
    mkdirSync(join(project, 'photos', kind), { recursive: true });
    await sharp(Buffer.alloc(8 * 8 * 3, kind), { raw })
      .png()
      .toFile(join(project, 'photos', kind, '1.png'));
  }
  const batches = `const data = await m.openDataset('photos');
    for await (const batch of data.batches({ size: 8, batch: 2, onBad: 'skip' })) return batch.images.shape;`;
  const found = run(project, batches) as { code: string; message: string };
  expect(found.code).toBe('ADDON');
  expect(found.message).toMatch(/sharp, which does not load here \(npm install sharp;/);
});

test('`saliencymix build` names all that it needs before it compiles', () => {
  const project = installed('build', ['cmake-js', 'node-addon-api', 'node-api-headers']);
  const cli = join(project, 'node_modules', 'saliencymix', 'bin', 'saliencymix.js');
  const { status, stderr } = spawnSync(process.execPath, [cli, 'build'], {
    cwd: project,
    encoding: 'utf8',
    env: { ...process.env, PATH: '' },
  });
  expect(status).toBe(1);
  expect(stderr).toMatch(/npm install --no-save cmake-js@\S+ node-addon-api@\S+ node-api-headers@\S+\n/);
  expect(stderr).toContain('CMake 3.15');
  expect(stderr).toContain('a C++20 compiler');
});

test('the package manager is the one that runs, or the one whose folders these are', () => {
  expect(packageManager('pnpm/9.1.0 npm/? node/v20.9.0 linux x64')).toBe('pnpm');
  expect(packageManager('yarn/1.22.22 npm/? node/v20')).toBe('yarn1');
  expect(packageManager('yarn/4.5.0 npm/? node/v20')).toBe('yarn');
  expect(packageManager('bun/1.2.0 npm/? node/v24')).toBe('bun');
  expect(packageManager('', '/app/node_modules/.pnpm/saliencymix@1.0.0/node_modules/saliencymix/dist')).toBe(
    'pnpm',
  );
  expect(packageManager('', '/app/node_modules/saliencymix/dist')).toBe('npm');
  expect(installLine('sharp', { manager: 'deno' })).toBe('deno add npm:sharp');
  expect(installLine('x', { scripts: false, manager: 'yarn' })).toBe('yarn add x --mode=skip-build');
  expect(reinstallLine('bun')).toContain('bun install');
});
