/** Checkpoints that are damaged, of something else, or cannot be written; and a package without its runtime. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Trainer } from '../../src/train';
import { closing, dropoutModel, losses, smallModel, smallTrainer, stateOf, workFolder } from './fixtures';

const ROOT = resolve(__dirname, '..', '..');
const folder = workFolder();

const refused = (code: string, message: RegExp) =>
  expect.objectContaining({
    name: 'SaliencyMixError',
    code,
    message: expect.stringMatching(message) as string,
  }) as Error;

const path = join(folder, 'good.ckpt');
let bytes: Buffer;
/** Where the header ends. */
let start: number;
let trainer: Trainer;
beforeAll(async () => {
  trainer = await smallTrainer();
  await losses(trainer, [0, 1]);
  await trainer.save(path);
  bytes = readFileSync(path);
  start = 8 + Number(bytes.readBigUInt64LE(0));
});

function written(name: string, content: Uint8Array | string): string {
  const at = join(folder, name);
  writeFileSync(at, content);
  return at;
}

describe('a checkpoint that cannot be resumed', () => {
  test('is not there, is a folder, is empty', async () => {
    const missing = join(folder, 'missing.ckpt');
    await expect(Trainer.resume(missing)).rejects.toEqual(
      refused('CHECKPOINT', /missing\.ckpt is not there$/),
    );
    await expect(Trainer.resume(missing)).rejects.toMatchObject({ file: missing });
    await expect(Trainer.resume(folder)).rejects.toEqual(
      refused('CHECKPOINT', /is a folder: give the file in it/),
    );
    await expect(Trainer.resume('')).rejects.toEqual(refused('ARGUMENT', /for path/));
    await expect(Trainer.resume(written('empty', ''))).rejects.toEqual(
      refused('CHECKPOINT', /not a safetensors file/),
    );
  });

  test('is cut off, wherever', async () => {
    const lengths = [1, 7, 8, 9, 100, start - 1, start, start + 1, bytes.length - 4096, bytes.length - 1];
    for (const length of lengths) {
      const cut = written(`cut-${length}`, bytes.subarray(0, length));
      await expect(Trainer.resume(cut)).rejects.toEqual(refused('CHECKPOINT', /cut off/));
    }
  });

  test('has bytes behind its end', async () => {
    const longer = written('longer', Buffer.concat([bytes, Buffer.alloc(4)]));
    await expect(Trainer.resume(longer)).rejects.toEqual(
      refused('CHECKPOINT', /longer than its header says/),
    );
  });

  test('has tensors that share their bytes, which would take any amount of memory', async () => {
    const room = 1 << 20;
    const entry = { dtype: 'F32', shape: [room / 4], data_offsets: [0, room] };
    const names = Array.from({ length: 100_000 }, (_, i) => [`a${i}`, entry]); // 100 GB
    const text = Buffer.from(JSON.stringify(Object.fromEntries(names)));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    const at = written('shared', Buffer.concat([length, text, Buffer.alloc(room)]));
    await expect(Trainer.resume(at)).rejects.toEqual(
      refused('CHECKPOINT', /is damaged: tensors share bytes/),
    );
  });

  test('has another byte, wherever: in the length, the header, the data', async () => {
    const inHeader = Array.from({ length: 60 }, (_, i) => 8 + Math.floor(((i + 0.5) / 60) * (start - 8)));
    const inData = [start, start + 3, (start + bytes.length) >> 1, bytes.length - 1];
    const text = bytes.toString('latin1', 0, start);
    const inside = ['F32', '[4]', 'resnet', 'sgd', 'sha256":"', 'updates', 'data_offsets":['].map(
      (word) => text.indexOf(word) + word.length - 2,
    );
    for (const place of [0, 1, 3, 7, ...inHeader, ...inside, ...inData]) {
      const edited = Buffer.from(bytes);
      edited[place] ^= 1;
      const at = written('edited', edited);
      await expect(Trainer.resume(at)).rejects.toEqual(
        refused('CHECKPOINT', /damaged|edited|not a safetensors|not a checkpoint|cut off|only F32/),
      );
    }
  });

  test.each<[string, unknown]>([
    ['null', null],
    ['a list', []],
    ['a tensor that is null', { a: null }],
    ['a tensor that is a number', { a: 3 }],
    ['no offsets', { a: { dtype: 'F32', shape: [0] } }],
    ['negative offsets', { a: { dtype: 'F32', shape: [1], data_offsets: [-4, 0] } }],
    ['offsets beyond', { a: { dtype: 'F32', shape: [1e15], data_offsets: [0, 4e15] } }],
    ['a shape of words', { a: { dtype: 'F32', shape: ['1'], data_offsets: [0, 4] } }],
    ['metadata of numbers', { __metadata__: { format: 1 } }],
    ['metadata that is null', { __metadata__: null }],
  ])('has a header of another form: %s', async (_, header) => {
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    const at = written('form', Buffer.concat([length, text]));
    await expect(Trainer.resume(at)).rejects.toEqual(
      refused('CHECKPOINT', /not a safetensors file|is not where/),
    );
  });

  /** The bytes with another header, over the same tensors. */
  function withHeader(change: (header: Record<string, unknown>) => void): string {
    const header = JSON.parse(bytes.toString('utf8', 8, start)) as Record<string, unknown>;
    change(header);
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    return written('header', Buffer.concat([length, text, bytes.subarray(start)]));
  }

  test.each(['constructor', '__proto__', 'toString'])('has numbers of the type %s', async (dtype) => {
    const at = withHeader((header) => {
      (header['fc.bias'] as { dtype: string }).dtype = dtype;
    });
    const message = new RegExp(`has fc\\.bias as ${dtype}; only F32, F16 and BF16 are read`);
    await expect(Trainer.resume(at)).rejects.toEqual(refused('CHECKPOINT', message));
  });

  test('has tensors one over the other, or a gap between them', async () => {
    const at = withHeader((header) => {
      const tensors = Object.values(header).slice(1) as { shape: number[]; data_offsets: number[] }[];
      const [one, other] = tensors.filter(({ shape }) => shape.join() === '4');
      other.data_offsets = one.data_offsets;
    });
    await expect(Trainer.resume(at)).rejects.toEqual(refused('CHECKPOINT', /tensors share bytes/));
  });

  /** A checkpoint that says something else of itself, its checksum right. */
  function saying(change: (info: Record<string, unknown>) => unknown): string {
    return withHeader((header) => {
      const { __metadata__: metadata, ...tensors } = header as {
        __metadata__: Record<string, string>;
        [name: string]: object;
      };
      const info = JSON.parse(metadata.info) as Record<string, unknown>;
      const changed = change(info);
      metadata.info = typeof changed === 'string' ? changed : JSON.stringify(info);
      const hash = createHash('sha256').update(metadata.info);
      for (const [name, one] of Object.entries(tensors)) {
        const { shape, data_offsets: offsets } = one as { shape: number[]; data_offsets: number[] };
        hash.update(`\0${name}\0${shape.join()}\0`);
        hash.update(bytes.subarray(start + offsets[0], start + offsets[1]));
      }
      metadata.sha256 = hash.digest('hex');
    });
  }

  test.each<[string, (info: Record<string, unknown>) => unknown, RegExp]>([
    ['no JSON', () => '{"model":', /what it says of its training cannot be read \(/],
    ['null', () => 'null', /cannot be read \(Expected an object of options for info but received null\)/],
    ['too deep', () => `{"model":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, /it is nested too deeply\)/],
    ['no model', (info) => void delete info.model, /for model but received undefined\)/],
    ['a model without a name', (info) => void (info.model = {}), /for model\.name but received undefined/],
    ['no counts', (info) => void delete info.counts, /for counts but received undefined/],
    [
      'half a step',
      (info) => void (info.counts = { steps: 0.5, updates: 0 }),
      /for counts\.steps but received 0\.5/,
    ],
    ['no notes', (info) => void delete info.notes, /for notes but received undefined/],
    [
      'a trainer of another form',
      (info) => void (info.trainer = { batch: 'x' }),
      /was written by another version of saliencymix than this one \(\d+\.\d+\.\d+\), or edited: its trainer cannot be made here: .*for batch but received "x"/,
    ],
    [
      'an option of a newer version',
      (info) => void (info.trainer = { ...(info.trainer as object), averaged: 0.999 }),
      /was written by another version .*"averaged"/,
    ],
  ])('says of itself, with a right checksum: %s', async (_, change, message) => {
    await expect(Trainer.resume(saying(change))).rejects.toEqual(refused('CHECKPOINT', message));
  });

  test('is something else: ONNX, text, weights alone', async () => {
    const [onnx, weights] = [join(folder, 'model.onnx'), join(folder, 'weights.safetensors')];
    await trainer.exportOnnx(onnx);
    await trainer.exportSafetensors(weights);
    const text = written('text', 'epoch,loss\n'.repeat(100));
    for (const other of [onnx, text])
      await expect(Trainer.resume(other)).rejects.toEqual(refused('CHECKPOINT', /is not a safetensors file/));
    await expect(Trainer.resume(weights)).rejects.toEqual(
      refused('CHECKPOINT', /not a checkpoint of this package: .*loadSafetensors reads weights/),
    );
  });

  test('is of another model', async () => {
    await expect(Trainer.resume(path, { model: dropoutModel() })).rejects.toEqual(
      refused('CHECKPOINT', /is a checkpoint of resnet \{.*"width":4.*\}, not of wrn \{.*"depth":10/),
    );
    await expect(Trainer.resume(path, { model: smallModel(7) })).rejects.toEqual(
      refused('CHECKPOINT', /"classes":5.*, not of .*"classes":7/),
    );
    const { parameters, ...rest } = smallModel();
    const changed = parameters.map((one) => (one.name === 'fc.bias' ? { ...one, name: 'head.bias' } : one));
    await expect(Trainer.resume(path, { model: { ...rest, parameters: changed } })).rejects.toEqual(
      refused('CHECKPOINT', /of another model: it must hold head\.bias of shape \[5\]/),
    );
    await expect(Trainer.resume(path, { model: {} as never })).rejects.toEqual(
      refused('ARGUMENT', /a model, as/),
    );
    await expect(Trainer.resume(path, { thread: 1 } as never)).rejects.toEqual(
      refused('ARGUMENT', /"thread"/),
    );
  });

  test('the right model may be given, and threads', async () => {
    const resumed = await Trainer.resume(path, { model: smallModel(), threads: 2 });
    expect(resumed.settings.threads).toBe(2);
    expect(await stateOf(resumed)).toEqual(await stateOf(trainer));
    await resumed.close();
  });
});

test('a checkpoint of a version that did not have an option of the model yet', async () => {
  const model = dropoutModel(0);
  const { dropout, ...fewer } = model.options as Record<string, unknown>;
  expect(dropout).toBe(0);
  const before = join(folder, 'fewer-options.ckpt');
  await (await smallTrainer({}, { ...model, options: fewer })).save(before);
  closing(await Trainer.resume(before, { model }));
  await expect(Trainer.resume(before, { model: dropoutModel(0.3) })).rejects.toEqual(
    refused('CHECKPOINT', /is a checkpoint of wrn .*, not of wrn .*"dropout":0.3/),
  );
});

describe('saving', () => {
  test('into a folder that is not there, over a folder, to no path', async () => {
    const nowhere = join(folder, 'none', 'a.ckpt');
    await expect(trainer.save(nowhere)).rejects.toEqual(
      refused('OUTPUT', /^Cannot write .*none\/a\.ckpt: the folder that it goes into is not there/),
    );
    await expect(trainer.save(folder)).rejects.toEqual(refused('OUTPUT', /^Cannot write /));
    await expect(trainer.save('')).rejects.toEqual(refused('ARGUMENT', /for path/));
    await expect(trainer.exportOnnx(nowhere)).rejects.toEqual(refused('OUTPUT', /^Cannot write /));
    await expect(trainer.exportSafetensors(nowhere)).rejects.toEqual(refused('OUTPUT', /^Cannot write /));
    expect(readdirSync(folder).filter((name) => name.includes('partial'))).toEqual([]);
    expect(existsSync(`${folder}.saliencymix-partial`)).toBe(false);
  });

  test('several at once, to one place: the last stays, whole', async () => {
    const one = await smallTrainer();
    const at = join(folder, 'often.ckpt');
    const calls = [0, 1, 2, 3].flatMap((i) => [losses(one, [i]), one.save(at)]);
    await Promise.all(calls);
    const resumed = await Trainer.resume(at);
    expect(resumed.steps).toBe(4);
    await resumed.close();
  });

  test('notes are those of the call, and must be JSON', async () => {
    const one = await smallTrainer();
    const notes = { epoch: 1 };
    one.notes = notes;
    const saved = one.save(join(folder, 'notes.ckpt'));
    notes.epoch = 2;
    await saved;
    const resumed = await Trainer.resume(join(folder, 'notes.ckpt'));
    expect(resumed.notes).toEqual({ epoch: 1 });
    await resumed.close();
    one.notes = { itself: one.notes, big: 3n };
    await expect(one.save(join(folder, 'big.ckpt'))).rejects.toEqual(
      refused('ARGUMENT', /plain JSON for notes/),
    );
  });
});

/** Whether this system lets a process mount a small disk of its own. */
const mayMount = spawnSync('unshare', ['-rm', 'true']).status === 0;

(mayMount ? test : test.skip)('a disk that is full: said so, and the earlier checkpoint resumes', () => {
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  const script = `
    const m = require(${JSON.stringify(join(ROOT, 'dist', 'train', 'index.js'))});
    const at = ${JSON.stringify(join(disk, 'a.ckpt'))};
    (async () => {
      const model = m.createModel('resnet', { layers: [1, 1], width: 16, classes: 2, stem: 'cifar' });
      const trainer = await m.Trainer.create(model, { batch: 2, image: [8, 8], optimizer: { name: 'sgd' }, threads: 1 });
      const batch = { images: new Float32Array(384).map((_, i) => Math.sin(i)), labels: Float32Array.of(1, 0, 0, 1), learningRate: 0.1 };
      await trainer.step(batch);
      await trainer.save(at);
      await trainer.step(batch);
      console.log(await trainer.save(at).catch(({ code, message }) => code + ' ' + message));
      console.log(require('node:fs').readdirSync(${JSON.stringify(disk)}).join());
      console.log((await m.Trainer.resume(at)).steps);
    })();`;
  const mounted = `mount -t tmpfs -o size=300k tmpfs '${disk}' || exit 99; '${process.execPath}' -e "$SCRIPT"`;
  const { stdout, stderr, status } = spawnSync('unshare', ['-rm', 'sh', '-c', mounted], {
    encoding: 'utf8',
    env: { ...process.env, SCRIPT: script },
  });
  expect([stderr, status]).toEqual(['', 0]);
  expect(stdout.trim().split('\n')).toEqual([
    expect.stringMatching(/^OUTPUT Cannot write .*a\.ckpt: the disk is full/),
    'a.ckpt',
    '1',
  ]);
});

test('without onnxruntime-node: training says what to install, mixing works', () => {
  // Loaded before anything else, in worker threads too.
  const hook = written(
    'hook.cjs',
    `const Module = require('node:module');
    const find = Module._resolveFilename;
    Module._resolveFilename = function (name, ...rest) {
      if (name.split('/')[0] !== 'onnxruntime-node') return find.call(this, name, ...rest);
      throw Object.assign(new Error("Cannot find module 'onnxruntime-node'"), { code: 'MODULE_NOT_FOUND' });
    };`,
  );
  const script = `
    const { createMixer } = require(${JSON.stringify(ROOT)});
    const { createModel, Trainer } = require(${JSON.stringify(join(ROOT, 'dist', 'train'))});
    (async () => {
      const batch = { data: new Uint8Array(2 * 8 * 8 * 3).fill(7), shape: [2, 8, 8, 3] };
      const mixed = await createMixer({ classes: 2 }).mix(batch, Int32Array.of(0, 1));
      console.log(mixed.images.data.length);
      const model = createModel('resnet20', { classes: 2 });
      await Trainer.create(model, { batch: 2, image: [8, 8], optimizer: { name: 'sgd' } })
        .catch(({ name, code, message }) => console.log(name, code, message.split('\\n')[0]));
    })();`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['-r', hook, '-e', script], {
    encoding: 'utf8',
  });
  expect([stderr, status]).toEqual(['', 0]);
  expect(stdout.split('\n')).toEqual([
    '384',
    expect.stringMatching(
      /^SaliencyMixError MODEL .*needs the package onnxruntime-node \(npm install onnxruntime-node --ignore-scripts\)/,
    ),
    '',
  ]);
});
