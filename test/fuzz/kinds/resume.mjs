/** Folders of stopped runs, resumed: run.json, the lines of what is done, the lock, the files that were written. */
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageApi, trainApi } from '../lib/api.mjs';
import { changeBytes } from '../lib/bytes.mjs';
import { filesIn, readData } from '../lib/data.mjs';
import { changeJson, toText } from '../lib/json.mjs';
import { must, outcomeOf } from '../lib/oracle.mjs';

const { augment } = packageApi;
const { train } = trainApi;

const data = { path: 'demo', demo: { count: 6, size: 16 } };
const augmenting = (format) => ({
  data,
  size: 16,
  batch: 2,
  format,
  mixer: { method: 'cutmix', seed: 1 },
  onWarning: () => undefined,
});
const training = {
  data,
  test: false,
  size: 16,
  batch: 2,
  epochs: 1,
  model: 'resnet',
  layers: [1, 1, 1],
  width: 2,
  threads: 1,
  onWarning: () => undefined,
};

/** The content of a finished run's folder, as if it had been stopped. */
function stopped(folder) {
  const files = Object.fromEntries(filesIn(folder).map((name) => [name, readFileSync(join(folder, name))]));
  const about = JSON.parse(files['run.json'].toString());
  for (const name of ['finished', 'images', 'bad']) delete about[name];
  files['run.json'] = Buffer.from(JSON.stringify({ ...about, status: 'running' }));
  return files;
}

async function seeds(folder) {
  const made = [];
  for (const format of ['folder', 'webdataset', 'npy']) {
    const out = join(folder, format);
    await augment({ ...augmenting(format), out });
    made.push({ name: format, files: stopped(out), options: { format } });
  }
  const out = join(folder, 'train');
  await train({ ...training, out });
  made.push({ name: 'train', files: stopped(out), options: { train: true } });
  return made;
}

/** Files that runs leave, and what may be in them. */
const NAMES = [
  '.saliencymix.lock',
  'run.json.saliencymix-partial',
  'errors.jsonl',
  'metrics.jsonl',
  'labels.jsonl',
];
const CONTENTS = ['', '{}', 'null\n', '[]\n{}\n', '\u0000\u0001'].map((text) => Buffer.from(text));

const isJson = (name) => /\.jsonl?$/.test(name);

function otherJson(random, name, bytes) {
  if (!name.endsWith('l')) return Buffer.from(toText(changeJson(random, JSON.parse(bytes.toString()))));
  const lines = bytes
    .toString()
    .split('\n')
    .map((line) => (line === '' || !random.oneIn(3) ? line : toText(changeJson(random, JSON.parse(line)))));
  return Buffer.from(
    lines.slice(0, random.oneIn(3) ? random.below(lines.length + 1) : lines.length).join('\n'),
  );
}

function change(random, seed) {
  const files = { ...seed.files };
  for (let left = 1 + random.below(2); left > 0; left--) {
    const names = Object.keys(files);
    const name = random.oneIn(3) ? random.pick(names) : random.pick(names.filter(isJson).concat(names[0]));
    const which = random.below(10);
    if (which === 0) delete files[name];
    else if (which === 1) files[random.pick(NAMES)] = random.pick(CONTENTS);
    else if (which < 4 || !isJson(name)) files[name] = changeBytes(random, files[name]);
    else {
      try {
        files[name] = otherJson(random, name, files[name]);
      } catch {
        files[name] = changeBytes(random, files[name]); // changed before, and no JSON any more
      }
    }
  }
  return { files, options: seed.options };
}

async function run(folder, options) {
  const out = join(folder, '..', 'out');
  if (existsSync(folder)) cpSync(folder, out, { recursive: true }); // the files of the case stay as they are
  const mode = 'resume';
  if (options.train) return outcomeOf(train({ ...training, out, mode }));
  const found = await outcomeOf(augment({ ...augmenting(options.format), out, mode }));
  if (!found.result) return found;
  const left = readdirSync(out).filter(
    (name) => /partial|lock/i.test(name) && !existsSync(join(folder, name)),
  );
  must(left.length === 0, `left behind: ${left.join(', ')}`);
  const { bad, images } = found.result;
  must(
    Number.isInteger(images) && Array.isArray(bad),
    `${images} images, and bad ones that are ${typeof bad}`,
  );
  if (!existsSync(join(folder, 'run.json'))) return found;
  return readData(out, { size: 'auto' });
}

export const resume = { seeds, change, run };
