// node ours.mjs <job.json> cpu|webgpu|cuda <steps> [fp32|tf32 [pixels]]: prints a line of losses and of times of steps.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { prepare } from '../../tasks/training/ours.mjs';
import { stepsFromPixels } from './from-pixels.mjs';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const [file, provider, steps, precision, from] = process.argv.slice(2);
const job = JSON.parse(readFileSync(file, 'utf8'));
const WARM = 3;
/** The processor is there for its losses. */
const timed = provider === 'cpu' ? 2 : Number(steps);

try {
  const options = { provider, precision, engine: provider === 'cpu' ? 'native' : 'auto' };
  const contender = await prepare(job, { threads: undefined, options }, { root });
  if (contender.skip) throw new Error(contender.skip);
  const { losses } = (await contender.result()).facts;
  const run = from === 'pixels' ? stepsFromPixels(root, job, contender.learn, provider) : contender.run;
  for (let i = 0; i < WARM; i++) await run(i);
  const ms = [];
  for (let i = 0; i < timed; i++) {
    const start = performance.now();
    await run(WARM + i);
    ms.push(Math.round((performance.now() - start) * 1e4) / 1e4);
  }
  await contender.close();
  console.log(JSON.stringify({ losses, ms }));
} catch (error) {
  console.error(error.message.split('\n')[0]);
  process.exitCode = 1;
}
