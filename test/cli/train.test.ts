/** Training from the command line: real processes, real files, and a network that really learns. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readCheckpoint } from '../../src/train/checkpoint';
import { readTensors } from '../../src/train/safetensors';
import { readEvents } from '../report/read-events';
import { filesBelow, run, start, workFolder, writeInto } from './fixtures';
import { colourFolder } from './colours';

const work = workFolder();
const data = join(work, 'data');
const whole = join(work, 'whole');
const net = ['--model', 'resnet', '--layers', '1', '--width', '6'];
const options = [...net, '--epochs', '3', '--batch', '8', '--lr', '0.05', '--seed', '5'];
const train = (out: string, ...more: string[]) =>
  run('train', '--data', data, '--out', out, ...options, ...more);

interface StepLine {
  kind: 'step';
  step: number;
  epoch: number;
  loss: number;
  accuracy: number;
  learningRate: number;
}
interface EpochLine {
  kind: 'epoch';
  epoch: number;
  step: number;
  loss: number;
  top1Error: number;
  top5Error: number;
  idle: number;
}

const lines = (out: string) =>
  readFileSync(join(out, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as StepLine | EpochLine);
const steps = (out: string) => lines(out).filter((line) => line.kind === 'step');
const epochs = (out: string) => lines(out).filter((line) => line.kind === 'epoch');
const losses = (out: string) => steps(out).map(({ loss }) => loss);
const weights = async (out: string) => {
  const { tensors } = await readTensors(join(out, 'checkpoint.safetensors'));
  return Object.fromEntries(
    [...tensors].map(([name, { data: values }]) => [name, Buffer.from(values.buffer).toString('hex')]),
  );
};

beforeAll(async () => {
  await colourFolder(data, { train: 90, test: 30 });
  const { code, stderr } = await train(whole);
  expect(stderr).toMatch(
    /^epoch 3\/3: 90 of 90 images, loss \d\.\d+ \| accuracy \d+\.\d % \| \d+ images\/s \| test error/m,
  );
  expect(code).toBe(0);
}, 60_000);

describe('a run', () => {
  test('leaves a checkpoint, metrics, event files, a report and a model', () => {
    const names = filesBelow(whole).map((name) => name.replace(/tfevents\..*/, 'tfevents'));
    expect(names).toEqual(
      [
        'checkpoint.safetensors',
        'events.out.tfevents',
        'metrics.jsonl',
        'model.onnx',
        'report.html',
        'run.json',
      ].toSorted(),
    );
    const {
      status,
      work: command,
      settings,
      top1Error,
    } = JSON.parse(readFileSync(join(whole, 'run.json'), 'utf8'));
    expect({ status, command, top1Error }).toEqual({
      status: 'complete',
      command: 'train',
      top1Error: epochs(whole)[2].top1Error,
    });
    expect(settings).toMatchObject({
      classes: ['blue', 'green', 'red'],
      size: [16, 16],
      model: {
        name: 'resnet',
        options: { block: 'basic', layers: [1], width: 6, classes: 3, stem: 'cifar' },
      },
      optimizer: { name: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 },
      augment: { crop: 4, flip: true },
      milestones: [0.3, 0.6, 0.8].map((share) => 3 * share),
      mixer: { method: 'saliencymix', seed: 5 },
      test: { images: 30 },
    });
  });

  test('writes a line per step and per epoch, with the scheduled rates', () => {
    expect(
      lines(whole)
        .map(({ kind }) => kind[0])
        .join(''),
    ).toBe(`${'s'.repeat(12)}e`.repeat(3));
    expect(steps(whole).map(({ step }) => step)).toEqual(Array.from({ length: 36 }, (_, i) => i + 1));
    for (const { idle } of epochs(whole)) expect([idle > 0, idle < 1]).toEqual([true, true]);
    const rates = steps(whole).map(({ learningRate }) => learningRate);
    expect(rates.map((rate) => Number(rate.toPrecision(6)))).toEqual([
      ...Array(11).fill(0.05),
      ...Array(11).fill(0.01),
      ...Array(7).fill(0.002),
      ...Array(7).fill(0.0004),
    ]);
    const means = epochs(whole).map(({ epoch, loss }) => {
      const own = steps(whole).filter((step) => step.epoch === epoch);
      return loss - own.reduce((sum, step) => sum + step.loss, 0) / own.length;
    });
    for (const mean of means) expect(Math.abs(mean)).toBeLessThan(1e-9);
  });

  test('learns: three colours are told apart', () => {
    expect(epochs(whole).at(-1)?.top1Error).toBeLessThan(0.2);
    expect(epochs(whole).at(-1)?.top5Error).toBe(0);
    const mean = (some: number[]) => some.reduce((a, b) => a + b) / some.length;
    expect(mean(losses(whole).slice(-12))).toBeLessThan(mean(losses(whole).slice(0, 12)) - 0.1);
  });

  test('TensorBoard is told what metrics.jsonl says', () => {
    const [name] = readdirSync(whole).filter((one) => one.startsWith('events.out.tfevents.'));
    interface Told {
      step?: number;
      summary?: { value: { tag: string; simple?: number }[] };
    }
    const told = (readEvents(readFileSync(join(whole, name))) as Told[]).flatMap(({ step, summary }) =>
      (summary?.value ?? []).map(({ tag, simple }) => ({ step, tag, simple })),
    );
    const curve = (tag: string) =>
      told.filter((one) => one.tag === tag).map(({ step, simple = 0 }) => [step, simple]);
    expect(curve('train/loss')).toEqual(steps(whole).map(({ step, loss }) => [step, Math.fround(loss)]));
    const errors = epochs(whole).map(({ step, top1Error }) => [step, Math.fround(top1Error)]);
    expect(curve('test/top1_error')).toEqual(errors);
  });

  test('the report holds the figures', () => {
    const html = readFileSync(join(whole, 'report.html'), 'utf8');
    expect(html).toContain('resnet on data, saliencymix');
    expect(html).toContain('data:image/png;base64,');
    expect(html).not.toMatch(/(?:src|href)="https?:/);
  });

  test('the same seed gives the same numbers, another seed others', async () => {
    const [again, other] = [join(work, 'again'), join(work, 'other')];
    await train(again);
    await train(other, '--seed', '6');
    expect(losses(again)).toEqual(losses(whole));
    expect(await weights(again)).toEqual(await weights(whole));
    expect(losses(other)[0]).not.toBe(losses(whole)[0]);
  });
});

describe('evaluate', () => {
  const last = () => epochs(whole)[2];

  test.each(['checkpoint.safetensors', 'model.onnx'])('%s gives what training said', async (name) => {
    const { code, stdout } = await run('evaluate', join(whole, name), '--data', data, '--json');
    expect(code).toBe(0);
    const result = JSON.parse(stdout);
    expect(result).toMatchObject({ images: 30, top1Error: last().top1Error, top5Error: 0, bad: [] });
    const wrong = (result.confusion as number[][]).flatMap((row, i) => row.filter((_, k) => k !== i));
    expect(wrong.reduce((a, b) => a + b)).toBe(Math.round(30 * last().top1Error));
  });

  test('in words, another split', async () => {
    const { stdout } = await run('evaluate', join(whole, 'model.onnx'), '--data', data, '--split', 'train');
    expect(stdout).toMatch(
      /^90 images in [\d.]+ s, \d+ images\/s\ntop-1 error +[\d.]+ %\nloss +[\d.]+\n\nBy class:\n/,
    );
  });

  test('data with a split train alone are not tested on unasked; data without splits are', async () => {
    const alone = join(work, 'train-alone');
    await cp(join(data, 'train'), join(alone, 'train'), { recursive: true });
    const model = join(whole, 'model.onnx');
    const refused = await run('evaluate', model, '--data', alone);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/has no split "test"/);
    expect((await run('evaluate', model, '--data', alone, '--split', 'train')).stdout).toMatch(/^90 images/);
    expect((await run('evaluate', model, '--data', join(alone, 'train'))).stdout).toMatch(/^90 images/);
  });

  test('data of other classes are refused', async () => {
    const other = join(work, 'other-classes');
    writeInto(other, 'test/violet/a.png', readFileSync(join(data, 'test/red/000.png')));
    const { code, stderr } = await run('evaluate', join(whole, 'checkpoint.safetensors'), '--data', other);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /has the class "violet", which the model was not trained on \(its 3 classes: blue, green, red\)/,
    );
  });

  test('what is no model is said to be none', async () => {
    const path = join(work, 'no.safetensors');
    writeFileSync(path, 'text');
    expect((await run('evaluate', path, '--data', data)).stderr).toMatch(
      /^error: .*is not a safetensors file/,
    );
    expect((await run('evaluate', join(work, 'gone.onnx'), '--data', data)).stderr).toMatch(
      /^error: Cannot open the ONNX model/,
    );
    expect((await run('evaluate', join(work, 'gone.safetensors'), '--data', data)).stderr).toMatch(
      /is not there/,
    );
  });
});

/** Starts a run and ends it with a signal once so many lines of metrics are written. */
async function interrupted(out: string, signal: NodeJS.Signals, count: number) {
  const { child, ended } = start(['train', '--data', data, '--out', out, ...options]);
  const path = join(out, 'metrics.jsonl');
  while (child.exitCode === null && child.signalCode === null) {
    if (existsSync(path) && readFileSync(path, 'utf8').split('\n').length > count) break;
    await new Promise((tick) => setTimeout(tick, 2));
  }
  child.kill(signal);
  return ended;
}

describe('a run that was stopped goes on to the same numbers', () => {
  test.each([1, 12, 13, 20, 38])('kill -9 after %i lines', async (count) => {
    const out = join(work, `kill-${count}`);
    expect((await interrupted(out, 'SIGKILL', count)).signal).toBe('SIGKILL');
    const { code, stderr } = await train(out, '--resume');
    expect({ code, stderr: stderr.replace(/^(epoch|test|\/.*: 90 images of 3 classes$).*\n/gm, '') }).toEqual(
      { code: 0, stderr: '' },
    );
    expect(losses(out)).toEqual(losses(whole));
    expect(epochs(out).map(({ top1Error }) => top1Error)).toEqual(
      epochs(whole).map(({ top1Error }) => top1Error),
    );
    expect(await weights(out)).toEqual(await weights(whole));
    expect(filesBelow(out).filter((name) => /partial|lock/.test(name))).toEqual([]);
  });

  test.each([2, 18])('Ctrl-C after %i lines: within the epoch', async (count) => {
    const out = join(work, `stop-${count}`);
    const { code, stderr } = await interrupted(out, 'SIGINT', count);
    expect(code).toBe(130);
    expect(stderr).toMatch(/stopped; the same command with --resume goes on from here/);
    const before = losses(out).length;
    expect(before).toBeLessThan(36);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('Stopped');
    const resumed = await train(out, '--resume');
    expect(resumed.code).toBe(0);
    expect(losses(out)).toEqual(losses(whole));
    expect(await weights(out)).toEqual(await weights(whole));
  });

  test('checkpoints within an epoch: what was done before a kill is not done again', async () => {
    const out = join(work, 'often');
    const { child, ended } = start([
      'train',
      '--data',
      data,
      '--out',
      out,
      ...options,
      '--checkpoint-minutes',
      '0',
    ]);
    const saved = async () =>
      (await readCheckpoint(join(out, 'checkpoint.safetensors')).catch(() => undefined))?.counts.steps ?? 0;
    while ((await saved()) < 5) await new Promise((tick) => setTimeout(tick, 2));
    child.kill('SIGKILL');
    await ended;
    const before = await saved();
    expect(before).toBeGreaterThanOrEqual(5);
    // A line holds the speed of its step, which is never the same twice.
    const kept = () => readFileSync(join(out, 'metrics.jsonl'), 'utf8').split('\n').slice(0, before);
    const earlier = kept();
    expect((await train(out, '--resume')).code).toBe(0);
    expect(kept()).toEqual(earlier);
    expect(losses(out)).toEqual(losses(whole));
    expect(await weights(out)).toEqual(await weights(whole));
  });

  test('other settings, other data and another command are refused, by name', async () => {
    const out = join(work, 'settled');
    await cp(whole, out, { recursive: true });
    expect((await train(out, '--resume', '--learning-rate', '0.1')).stderr).toMatch(
      /learningRate was 0.05 and is now 0.1/,
    );
    expect((await train(out, '--resume', '--width', '8')).stderr).toMatch(
      /model.options.width was 6 and is now 8/,
    );
    expect((await train(out)).stderr).toMatch(
      /is not empty \(--resume goes on with the run there, --force replaces it\)/,
    );
    const augmented = await run('augment', data, '--out', out, '--force');
    expect(augmented.stderr).toMatch(/holds a run of "train", not of "augment"/);
    expect((await train(out, '--resume')).code).toBe(0);
    expect(losses(out)).toEqual(losses(whole));
  });

  test('a damaged checkpoint is refused', async () => {
    const out = join(work, 'damaged');
    await cp(whole, out, { recursive: true });
    const path = join(out, 'checkpoint.safetensors');
    const bytes = readFileSync(path);
    bytes[bytes.length - 9] ^= 1;
    writeFileSync(path, bytes);
    expect((await train(out, '--resume')).stderr).toMatch(/^error: .*is damaged or was edited/m);
    writeFileSync(path, bytes.subarray(0, bytes.length >> 1));
    expect((await train(out, '--resume')).stderr).toMatch(/^error: .*cut off/m);
  });
});

describe('mistakes', () => {
  const failing = async (...args: string[]) => {
    const { code, stderr } = await run('train', '--data', data, '--out', join(work, 'never'), ...args);
    expect(code).toBe(1);
    expect(existsSync(join(work, 'never'))).toBe(false);
    return stderr;
  };

  test('an unknown model has its nearest name told', async () => {
    expect(await failing('--model', 'resnet21')).toMatch(
      /for model but received "resnet21" \(did you mean "resnet20"\?\)/,
    );
  });

  test.each([
    [['--learning-rate', '0'], /a finite number above 0 for learningRate but received 0/],
    [['--batch', '0'], /at least 1 for batch but received 0/],
    [['--epochs', '0'], /for epochs but received 0/],
    [['--model', 'wrn', '--width', '8'], /Unknown option "width" in wrn options/],
    [['--model', 'resnet'], /1 to 8 numbers of blocks, one per stage for layers/],
    [['--optimizer', 'adamw', '--momentum', '0.5'], /Unknown option "momentum" in optimizer/],
    [['--provider', 'metal'], /one of "auto", "cpu", "webgpu", "cuda" for provider but received "metal"/],
    [
      ['--provider', 'cuda'],
      /no CUDA to train on: (this build has no CUDA code|libonnxruntime_providers_shared\.so and libonnxruntime_providers_cuda\.so)/,
    ],
    [['--provider', 'cuda', '--engine', 'standard'], /'native' or 'auto' where provider is 'cuda'/],
    [['--precision', 'tf32'], /'fp32' where provider is 'cpu'/],
    [['--provider', 'webgpu', '--engine', 'native'], /'standard' or 'auto' where provider is 'webgpu'/],
    [['--label-smoothing', '1'], /for labelSmoothing but received 1/],
    [['--method', 'salincymix'], /did you mean "saliencymix"/],
  ])('%j', async (args, message) => expect(await failing(...args)).toMatch(message));

  test('data without a test split say what to do; --no-test trains without', async () => {
    const alone = join(work, 'only-train');
    await cp(join(data, 'train'), join(alone, 'train'), { recursive: true });
    const out = join(work, 'untested');
    const args = ['train', '--data', alone, '--out', out, ...net, '--epochs', '1', '--batch', '45'];
    expect((await run(...args)).stderr).toMatch(
      /has no images to test on: name other data to test on \(--test\), or train without \(--no-test\)/,
    );
    const { code, stdout } = await run(...args, '--no-test');
    expect({ code, said: /not tested/.test(stdout) }).toEqual({ code: 0, said: true });
    expect(epochs(out)[0].top1Error).toBeNull();
  });

  test('a split test that cannot be used is no reason to test on another', async () => {
    const spoilt = join(work, 'spoilt-test');
    await cp(data, spoilt, { recursive: true });
    await rm(join(spoilt, 'test', 'red'), { recursive: true });
    writeInto(spoilt, 'test/red/a.bmp', Buffer.from('BM'));
    const args = ['train', '--data', spoilt, '--out', join(work, 'spoilt'), ...net, '--epochs', '1'];
    expect(await run(...args)).toMatchObject({ code: 1, stderr: expect.stringMatching(/red.*a\.bmp/s) });
  });

  test('a test class that training does not know', async () => {
    const test = join(work, 'more-classes');
    await cp(join(data, 'test'), test, { recursive: true });
    writeInto(test, 'violet/a.png', readFileSync(join(data, 'test/red/000.png')));
    expect(await failing('--test', test)).toMatch(
      /has the class "violet", which the model was not trained on/,
    );
  });

  test('a bad file is named and left out; --strict stops', async () => {
    const torn = join(work, 'torn');
    await cp(data, torn, { recursive: true });
    writeInto(torn, 'train/red/003.png', readFileSync(join(data, 'train/red/003.png')).subarray(0, 60));
    writeInto(torn, 'test/blue/001.png', 'no image');
    const args = ['train', '--data', torn, ...net, '--epochs', '1', '--batch', '30'];
    const { code, stderr } = await run(...args, '--out', join(work, 'torn-out'));
    expect(code).toBe(0);
    expect(stderr).toMatch(/2 files were left out:\n.*train\/red\/003.png.*\n.*test\/blue\/001.png/);
    const strict = await run(...args, '--out', join(work, 'torn-strict'), '--strict');
    expect(strict.code).toBe(1);
  });

  test('a loss that is no longer finite: the step, the last good checkpoint, a report that says so', async () => {
    const out = join(work, 'diverged');
    const { code, stderr } = await train(
      out,
      '--learning-rate',
      '1e30',
      '--warmup',
      '0',
      '--schedule',
      'constant',
    );
    expect(code).toBe(1);
    const said =
      /^error: Step (\d+) (?:has the loss|would make weights).*: try a smaller learning rate.*there was no checkpoint yet/m.exec(
        stderr,
      );
    expect(Number(said?.[1])).toBeGreaterThan(0);
    expect(steps(out)).toHaveLength(Number(said?.[1]) - 1);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('Failed');
  });
});

const mayMount = spawnSync('unshare', ['-rm', 'true']).status === 0;

(mayMount ? test : test.skip)(
  'a disk that is full while saving: the earlier checkpoint is there still',
  async () => {
    const disk = join(work, 'disk');
    const kept = join(work, 'disk-kept');
    mkdirSync(disk);
    const bin = resolve(__dirname, '..', '..', 'bin', 'saliencymix.js');
    const command = [process.execPath, bin, 'train', '--data', data, '--out', join(disk, 'out'), ...options];
    const quoted = command.map((word) => `'${word}'`).join(' ');
    // Room for one checkpoint and what is written beside it, not for a second one and the report.
    const script = `mount -t tmpfs -o size=48k tmpfs '${disk}' || exit 99
    ${quoted}; echo "code $?"; ls '${disk}/out'; cp -r '${disk}/out' '${kept}-half'
    mount -o remount,size=40m '${disk}'; ${quoted} --resume; echo "code $?"; cp -r '${disk}/out' '${kept}'`;
    const { stdout, stderr } = spawnSync('unshare', ['-rm', 'sh', '-c', script], { encoding: 'utf8' });
    expect(stderr).toMatch(
      /^error: Cannot write .*: the disk is full; free some space and continue with --resume$/m,
    );
    expect(stdout.match(/code \d+/g)).toEqual(['code 1', 'code 0']);
    expect(filesBelow(`${kept}-half`).filter((name) => name.endsWith('partial'))).toEqual([]);
    expect(losses(kept)).toEqual(losses(whole));
    expect(await weights(kept)).toEqual(await weights(whole));
  },
);
