// npm run card: everything that can be tried and measured on a graphics card, on a machine that has one and nothing else of
// ours: no Node, no registry, no network. Needed there: Linux x64, a driver, python3, CMake, a C++ compiler, nvcc; for the
// comparison PyTorch.
//
//   npm run card -- [--images <dir>]  packs .card/one and .card/two, each at most 60 MiB; the images, which have a folder for
//                                     each class, are learned there (2 000 of CIFAR-10 will do)
//     there, in a copy of the checkout with them:   bash .card/one/start.sh <folder for results>
//     soon after it, on the same machine:           bash .card/two/start.sh <folder for results>
//   npm run card -- --report <folder> takes the results in: benchmarks/results, benchmarks/GPU.md, the README's tables
//   npm run card -- --try             packs, and runs both parts here, from a copy, without a card: on the host device and on
//                                     SwiftShader, a Vulkan driver that computes on the processor
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { packAll } from './card/pack.mjs';
import { takeIn } from './card/report.mjs';
import { tryHere } from './card/try.mjs';

const OPTIONS = {
  report: { type: 'boolean', default: false },
  try: { type: 'boolean', default: false },
  images: { type: 'string' },
};

try {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  if (positionals.length > (values.report ? 1 : 0)) throw new Error(`unknown word "${positionals.at(-1)}"`);
  if (values.report) await takeIn(positionals[0]);
  else {
    await packAll(values.images && resolve(process.env.INIT_CWD ?? '.', values.images));
    if (values.try) await tryHere();
  }
} catch (error) {
  console.error(`card: ${error.message}`);
  process.exitCode = 1;
}
