// Every saliency method, every mixing method with every scheme it has, and every form of output, on a few shapes: prints one
// line of JSON with a digest of each, or compares it with what a file has. Every platform's addon must print the same.
// node smoke.cjs [file]
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { createMixer, mixMethodNames, saliency, saliencyMethods, schemeNames } = require('saliencymix');

const shapes = [
  [9, 33, 47, 3],
  [2, 130, 61, 3],
  [40, 32, 32, 3],
  [3, 34, 48, 1],
  [3, 1, 5, 1],
];
const batches = shapes.map((shape) => ({
  data: Uint8Array.from(
    { length: shape.reduce((a, b) => a * b) },
    (_, i) => Math.imul(i + 7, 2654435761) >>> 24,
  ),
  shape,
}));

/** Those that a method can mix: puzzlemix divides images into blocks. */
const batchesOf = (method) =>
  batches.filter(({ shape }) => method !== 'puzzlemix' || (shape[1] % 2 === 0 && shape[2] % 2 === 0));

async function digest(parts, of = batches) {
  const hash = createHash('sha256');
  for (const batch of of) for (const part of await parts(batch)) hash.update(part);
  return hash.digest('hex').slice(0, 16);
}

/** The mean and deviation of ImageNet's channels, or of one. */
const norm = ({ shape }) => ({
  mean: [0.485, 0.456, 0.406].slice(0, shape[3]),
  std: [0.229, 0.224, 0.225].slice(0, shape[3]),
});

async function main() {
  const found = {};
  for (const method of saliencyMethods.filter((name) => name !== 'learned'))
    found[method] = await digest(async (batch) => {
      const { maps, peaks, lows } = await saliency(batch, { method });
      return [maps, peaks, lows];
    });
  const mixed = (options, output) =>
    digest(async (batch) => {
      const labels = Int32Array.from({ length: batch.shape[0] }, (_, i) => i % 3);
      const mixer = createMixer({ classes: 3, seed: 5, ...options });
      const made = await mixer.mix(batch, labels, output ? { output: output(batch) } : {});
      return [made.images.data, made.labels];
    }, batchesOf(options.method));
  for (const method of mixMethodNames) found[method] = await mixed({ method, ties: 'random' });
  for (const scheme of schemeNames) found[`saliencymix, ${scheme}`] = await mixed({ scheme });
  for (const layout of ['NHWC', 'NCHW'])
    for (const dtype of ['uint8', 'float16', 'float32'])
      found[`${dtype} ${layout}`] = await mixed({}, (batch) =>
        dtype === 'uint8' ? { layout, dtype } : { layout, dtype, ...norm(batch) },
      );
  const line = JSON.stringify(found);
  const [file] = process.argv.slice(2);
  if (file === undefined) console.log(line);
  else if (line !== readFileSync(file, 'utf8').trim()) {
    console.error(`other digests than in ${file}:\n${line}`);
    process.exitCode = 1;
  }
}

void main();
