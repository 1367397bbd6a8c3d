// Installs what would be published, as users do: has built what is missing (build.mjs), packs it, serves it from a registry on
// this machine and adds it to empty projects, with every package manager and with other tools, scripts blocked and no compiler in PATH.
// node scripts/release/dry.mjs [--only <text>]     only projects whose names contain the text
import { spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import sharp from 'sharp';
import { clients } from './clients.mjs';
import { consumers } from './consumers.mjs';
import { packAll } from './pack.mjs';
import { startRegistry } from './registry.mjs';
import { here, root } from './tools.mjs';

const require = createRequire(import.meta.url);
const { platformHere, platforms } = require(join(root, 'dist', 'native', 'platforms.js'));
const work = mkdtempSync(join(tmpdir(), 'saliencymix-dry-'));
chmodSync(work, 0o755);

/** A PATH with what package managers and Node need, and nothing that compiles. */
function plainPath() {
  const folder = join(work, 'bin');
  mkdirSync(folder);
  const wanted = [
    'node',
    'npm',
    'npx',
    'sh',
    'bash',
    'env',
    'sed',
    'dirname',
    'basename',
    'uname',
    'readlink',
    'cygpath',
    'git',
  ];
  for (const name of wanted) {
    const found = process.env.PATH.split(delimiter)
      .map((one) => join(one, name))
      .find((one) => existsSync(one));
    if (found) symlinkSync(found, join(folder, name));
  }
  return folder;
}

const env = Object.fromEntries(
  Object.entries(process.env).filter(([key]) => !/^(npm_|NODE_(?!EXTRA_CA_CERTS$))/i.test(key)),
);
Object.assign(env, { PATH: plainPath(), CI: '1' });

/** Runs a command to its end. Not with spawnSync: the registry answers from this process. */
const run = ([command, ...args], cwd, more = {}) =>
  new Promise((done) => {
    const child = spawn(command, args, { cwd, env, ...more });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
    child.on('error', (error) => done({ status: -1, output: String(error) }));
    child.on('close', (status) => done({ status, output }));
  });

async function must(command, cwd, more) {
  const { status, output } = await run(command, cwd, more);
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}:\n${output}`);
  return output;
}

/** An empty project in a folder whose name is not plain. */
function project(name) {
  const folder = join(work, `Übungen & Ordner 数据 ${name}`);
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'app', version: '1.0.0', private: true }),
  );
  return folder;
}

function expectText(output, text, what) {
  if (!output.includes(text)) throw new Error(`${what} does not say "${text}":\n${output}`);
}

/** What scripts/release/smoke.cjs prints, as its last line. */
const digestsIn = (output) => output.trim().split('\n').at(-1);

/** The addon of this clone, which the tests have tried. */
async function expectedDigests() {
  const folder = project('clone');
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'saliencymix'));
  copyFileSync(join(here, 'smoke.cjs'), join(folder, 'smoke.cjs'));
  return digestsIn(await must(['node', '--preserve-symlinks', 'smoke.cjs'], folder));
}

async function tryClient({ prepare, add, node }, name, url, expected) {
  const folder = project(name);
  prepare({ folder, url });
  await must(add(['saliencymix']), folder);
  copyFileSync(join(here, 'smoke.cjs'), join(folder, 'smoke.cjs'));
  const found = digestsIn(await must([...node, 'smoke.cjs'], folder));
  if (found !== expected) throw new Error(`other digests:\n${found}\n${expected}`);
}

async function tryConsumer({ packages = [], files, commands, prints, fails = false }, name, url) {
  const { prepare, add } = clients['npm 11'];
  const folder = project(name);
  prepare({ folder, url });
  await must(add(['saliencymix', ...packages]), folder);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  let last;
  for (const command of commands) {
    last = await run(command, folder);
    if (last.status !== 0 && !(fails && command === commands.at(-1)))
      throw new Error(`${command.join(' ')} ended with ${last.status}:\n${last.output}`);
  }
  if (fails && last.status === 0) throw new Error(`${commands.at(-1).join(' ')} was to fail`);
  expectText(last.output, prints, commands.at(-1).join(' '));
}

const withNpm = async (name, url, ...options) => {
  const { prepare, add } = clients['npm 11'];
  const folder = project(name);
  prepare({ folder, url });
  await must([...add(['saliencymix']), ...options], folder);
  copyFileSync(join(here, 'smoke.cjs'), join(folder, 'smoke.cjs'));
  return folder;
};

/** Twenty JPEG files of two classes, of a bright disc each on a ground of its own. */
async function photographs(folder) {
  for (const [i, kind] of Array.from({ length: 20 }, (_, n) => [n, n % 2 ? 'suns' : 'moons'])) {
    mkdirSync(join(folder, kind), { recursive: true });
    const [x, y] = [120 + 13 * i, 90 + 11 * i];
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="480"><rect width="640" height="480" fill="hsl(${i * 18} 30% 40%)"/><circle cx="${x}" cy="${y}" r="60" fill="${kind === 'suns' ? 'gold' : 'white'}"/></svg>`;
    await sharp(Buffer.from(svg))
      .jpeg()
      .toFile(join(folder, kind, `${i}.jpg`));
  }
}

/** Circumstances that are not a tool's. */
const circumstances = {
  'node_modules that cannot be written to': async (url, expected) => {
    const folder = await withNpm('read only', url);
    await must(['chmod', '-R', 'a-w,a+rX', 'node_modules'], folder, { env: process.env });
    const nobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    const found = digestsIn(await must(['node', 'smoke.cjs'], folder, nobody));
    if (found !== expected) throw new Error(`other digests:\n${found}\n${expected}`);
  },
  'optional dependencies left out': async (url) => {
    const folder = await withNpm('omit', url, '--omit=optional');
    const { status, output } = await run(['node', 'smoke.cjs'], folder);
    if (status === 0) throw new Error('it mixed');
    expectText(output, `@saliencymix/${platformHere()}`, 'the error');
    expectText(output, '--include=optional', 'the error');
  },
  // What a new user does: in a minute from an empty folder to twenty pictures mixed.
  'photographs, by the command line': async (url) => {
    const start = Date.now();
    const folder = await withNpm('photos', url);
    await photographs(join(folder, 'photos'));
    const output = await must(['npx', 'saliencymix', 'augment', 'photos', '--out', 'mixed'], folder);
    for (const file of ['preview.png', 'labels.jsonl', 'run.json'])
      if (!existsSync(join(folder, 'mixed', file))) throw new Error(`no ${file}:\n${output}`);
    const lines = readFileSync(join(folder, 'mixed', 'labels.jsonl'), 'utf8')
      .trim()
      .split('\n');
    if (lines.length !== 20) throw new Error(`${lines.length} images instead of 20:\n${output}`);
    if (Date.now() - start > 60_000) throw new Error(`it took ${Date.now() - start} ms`);
  },
  'training without onnxruntime-node': async (url) => {
    const folder = await withNpm('train', url);
    const { status, output } = await run(
      ['npx', 'saliencymix', 'train', '--data', 'demo', '--out', 'run'],
      folder,
    );
    if (status === 0) throw new Error('it trained');
    expectText(output, 'npm install onnxruntime-node --ignore-scripts', 'the error');
  },
};

/** Programs that look at an archive. */
const checkers = {
  publint: (archive) => ['publint@0.3.25', '--strict', archive],
  'are the types wrong': (archive) => ['@arethetypeswrong/cli@0.18.5', archive, '--profile', 'node16'],
};

async function tryAll() {
  const [flag, only = ''] = process.argv.slice(2);
  if (flag !== undefined && flag !== '--only') throw new Error(`unknown option ${flag}`);
  const names = Object.keys(platforms);
  const missing = names.filter(
    (name) => !existsSync(join(root, 'build', 'release', name, 'saliencymix.node')),
  );
  if (missing.length > 0) {
    console.log(`building for ${missing.join(', ')}, which takes some minutes each`);
    await must([process.execPath, join(here, 'build.mjs'), ...missing], root, { env: process.env });
  }
  const archives = packAll().map(({ archive }) => archive);
  const registry = await startRegistry(archives);
  const expected = await expectedDigests();
  const { url } = registry;
  const main = archives.at(-1);
  const tries = [
    ...Object.entries(clients).map(([name, client]) => ({
      name,
      attempt: () => tryClient(client, name, url, expected),
    })),
    ...consumers.map((one) => ({ name: one.name, attempt: () => tryConsumer(one, one.name, url) })),
    ...Object.entries(circumstances).map(([name, attempt]) => ({
      name,
      attempt: () => attempt(url, expected),
    })),
    ...Object.entries(checkers).map(([name, command]) => ({
      name,
      attempt: () => must(['npx', '--yes', ...command(main)], work),
    })),
  ].filter(({ name }) => name.includes(only));
  let failed = 0;
  for (const { name, attempt } of tries) {
    const start = Date.now();
    try {
      await attempt();
      console.log(`passed  ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed++;
      console.log(`FAILED  ${name}: ${error.message}`);
    }
  }
  registry.close();
  console.log(`${tries.length - failed} of ${tries.length} passed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

try {
  await tryAll();
} finally {
  // What was made unwritable is still root's, or this user's.
  for (const name of readdirSync(work))
    await run(['chmod', '-R', 'u+w', join(work, name)], work, { env: process.env });
  rmSync(work, { recursive: true, force: true });
}
