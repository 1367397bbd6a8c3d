/** What the machine may do to a run: a full disk, files that may not be read, an addon that is not there. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writerNames } from '../../src/augment/writers';
import { contents, imageFolder, labelLines, run, start, workFolder } from './fixtures';

const ROOT = resolve(__dirname, '..', '..');
const BIN = join(ROOT, 'bin', 'saliencymix.js');
const work = workFolder();
const data = join(work, 'data');
const options = ['--batch', '4', '--size', '96', '--seed', '7'];
beforeAll(() => imageFolder(data, 40, 80), 60_000);

const quoted = (words: readonly string[]) => words.map((word) => `'${word}'`).join(' ');

/** Whether this system lets a process mount a small disk of its own. */
const mayMount = spawnSync('unshare', ['-rm', 'true']).status === 0;

describe.each(writerNames)('a disk that is full, --format %s', (format) => {
  const args = ['augment', data, ...options, '--format', format];
  const whole = join(work, `whole-${format}`);
  const kept = join(work, `kept-${format}`);
  beforeAll(() => run(...args, '--out', whole));

  /** On a disk of 400 kB; then with room, and away from there. */
  const onSmallDisk = () => {
    const disk = join(work, `disk-${format}`);
    mkdirSync(disk);
    const command = quoted([process.execPath, BIN, ...args, '--out', join(disk, 'out')]);
    const script = `mount -t tmpfs -o size=400k tmpfs '${disk}' || exit 99
      ${command}; echo "code $?"
      cp -r '${disk}/out' '${kept}-half'
      mount -o remount,size=40m '${disk}'
      ${command} --resume; echo "code $?"
      cp -r '${disk}/out' '${kept}'`;
    return spawnSync('unshare', ['-rm', 'sh', '-c', script], { encoding: 'utf8' });
  };

  /** Where nothing can be mounted: files of at most 60 kB, with the signal ignored that would end the process. */
  const withSmallFiles = () => {
    const command = quoted([process.execPath, BIN, ...args, '--out', kept]);
    const script = `trap '' XFSZ; (ulimit -f 120; ${command}); echo "code $?"; cp -r '${kept}' '${kept}-half'; ${command} --resume; echo "code $?"`;
    return spawnSync('bash', ['-c', script], { encoding: 'utf8' });
  };

  test('is said so, loses nothing, and the run goes on when there is room', () => {
    if (!mayMount && format === 'folder') return expect(existsSync(whole)).toBe(true); // its files are too small
    const { stdout, stderr } = mayMount ? onSmallDisk() : withSmallFiles();
    expect(stderr).toMatch(
      mayMount
        ? /^error: Cannot write .*: the disk is full; free some space and continue with --resume$/m
        : /^error: Cannot write .*too large/m,
    );
    expect(stdout.match(/code \d+/g)).toEqual(['code 1', 'code 0']);
    const half = `${kept}-half`;
    const names = Object.keys(contents(half));
    expect(names.filter((name) => /-partial|lock/.test(name))).toEqual([]);
    if (names.includes('labels.jsonl'))
      for (const { file } of labelLines(half)) expect(names).toContain(file);
    expect(contents(kept)).toEqual(contents(whole));
  }, 60_000);
});

describe('as a user without rights', () => {
  // Root may read everything; nobody may not. The package must be where that user can read it.
  const mayChange = process.getuid?.() === 0;
  const asNobody = (...args: string[]) => {
    const { child, ended } = start(args, {}, mayChange ? { uid: 65534, gid: 65534 } : {});
    expect(child.pid).toBeDefined();
    return ended;
  };

  test('files and folders that may not be read are named; the rest is written', async () => {
    const locked = join(work, 'locked');
    await imageFolder(locked, 9);
    chmodSync(work, 0o755);
    chmodSync(join(locked, 'class_0/image_000.png'), 0);
    chmodSync(join(locked, 'class_2'), 0);
    const out = join(work, 'public', 'out');
    mkdirSync(join(work, 'public'));
    chmodSync(join(work, 'public'), 0o777);
    const { code, stdout, stderr } = await asNobody('augment', locked, '--out', out);
    chmodSync(join(locked, 'class_2'), 0o755);
    expect(stderr).toMatch(/class_0\/image_000\.png.*permission denied/);
    expect(stderr).toMatch(/class_2: cannot be entered: permission denied/);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^5 images/)]);
  });

  test('an output folder that may not be written', async () => {
    const closed = join(work, 'closed');
    mkdirSync(closed, { mode: 0o555 });
    const { code, stderr } = await asNobody('augment', data, '--out', join(closed, 'out'));
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: Cannot write .*closed\/out: no permission to write there/m),
    ]);
  });
});

describe('a package without its addon', () => {
  const bare = join(work, 'bare');
  beforeAll(() => {
    for (const part of ['dist', 'bin', 'package.json'])
      cpSync(join(ROOT, part), join(bare, part), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(bare, 'node_modules'));
  });

  test('can be loaded; what needs the addon says what to do', () => {
    const script = `const m = require(${JSON.stringify(bare)});
      m.createMixer({ classes: 2 });
      m.saliency({ data: new Uint8Array(1), shape: [1, 1, 1, 1] }).catch((e) => console.log(JSON.stringify([e.name, e.code, e.message])));`;
    const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    const [name, code, message] = JSON.parse(stdout) as string[];
    expect([name, code]).toEqual(['SaliencyMixError', 'ADDON']);
    for (const words of [
      'missing for',
      'not there',
      'optional dependency of saliencymix',
      'npx saliencymix build',
    ]) {
      expect(message).toContain(words);
    }
  });

  test('the command line says the same, without a stack', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [join(bare, 'bin', 'saliencymix.js'), 'augment', data, '--out', join(work, 'no-addon')],
      { encoding: 'utf8' },
    );
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error: The native addon of saliencymix is missing/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

test('the packed package holds what an install needs, and no more', () => {
  const { stdout } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  const sources = readFileSync(join(ROOT, 'native', 'sources.txt'), 'utf8')
    .trim()
    .split('\n');
  for (const needed of [
    ...sources,
    'dist/index.js',
    'dist/index.d.ts',
    'dist/train/index.js',
    'dist/onnx/ort-worker-thread.js',
    'bin/saliencymix.js',
    'scripts/build-addon.mjs',
    'CMakeLists.txt',
    'native/core/saliency/methods.def',
    'LICENSE',
    'README.md',
  ]) {
    expect(paths).toContain(needed);
  }
  // Yarn 1 would run node-gyp where it sees a binding.gyp.
  expect(paths.filter((path) => /^((test|build|src|benchmarks|\.ci)\/|binding\.gyp$)/.test(path))).toEqual(
    [],
  );
});
