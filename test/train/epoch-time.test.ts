/** An epoch's time is that of its work, also where the run was stopped within it. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCheckpoint } from '../../src/train/checkpoint';
import { EpochClock, type Spent } from '../../src/train/epoch-time';
import { CHECKPOINT, type RunNotes } from '../../src/train/train';
import { workFolder } from './fixtures';
import { BATCH, linesOf, runsIn } from './small-runs';

const work = workFolder();

const BATCHES = 25;
const run = runsIn(work, {
  data: { path: 'demo', split: 'train', demo: { count: BATCHES * BATCH, size: 32, seed: 2 } },
  epochs: 1,
  mixer: { method: 'saliencymix', saliency: 'gradient' },
});

/** Runs until so many steps are done; gives the seconds between the first and the last of them. */
async function timed(mode: 'new' | 'resume', until: number): Promise<number> {
  const controller = new AbortController();
  const times: number[] = [];
  const running = run('stopped', {
    mode,
    signal: controller.signal,
    onProgress({ done }) {
      times.push(performance.now());
      if (until < BATCHES && done === until * BATCH) controller.abort();
    },
  });
  await (until < BATCHES ? expect(running).rejects.toThrow() : running);
  return ((times.at(-1) as number) - times[0]) / 1000;
}

/** What the checkpoint has kept of the epoch. */
async function kept(): Promise<Spent> {
  const { notes } = await readCheckpoint(join(work, 'stopped', CHECKPOINT));
  return (notes as RunNotes).position.spent as Spent;
}

test('of a run that was stopped twice: all its parts, and nothing between them', async () => {
  const began = performance.now();
  const first = await timed('new', 12);
  const afterFirst = await kept();
  expect(afterFirst.seconds).toBeGreaterThan(first);
  expect(afterFirst.busySeconds).toBeGreaterThan(afterFirst.saliencySeconds);
  expect(afterFirst.saliencySeconds).toBeGreaterThan(0);
  const second = await timed('resume', 22);
  const afterSecond = await kept();
  expect(afterSecond.seconds).toBeGreaterThan(afterFirst.seconds + second);
  expect(afterSecond.saliencySeconds).toBeGreaterThan(afterFirst.saliencySeconds);
  const pause = 3;
  await sleep(1000 * pause);
  const last = await timed('resume', BATCHES);
  const all = (performance.now() - began) / 1000;
  const epoch = linesOf(join(work, 'stopped')).find(({ kind }) => kind === 'epoch');
  const { seconds, saliencySeconds, idle } = epoch as NonNullable<typeof epoch>;
  expect(seconds).toBeGreaterThan(afterSecond.seconds + last);
  expect(seconds).toBeLessThan(all - pause);
  expect(saliencySeconds).toBeGreaterThan(afterSecond.saliencySeconds);
  expect(1 - idle).toBeGreaterThan(afterSecond.busySeconds / seconds);
  expect(await kept()).toBeUndefined();
});

test('a clock counts on from what was spent', () => {
  const trainer = { busy: 5000, saliencyTime: 1000 };
  const clock = new EpochClock(trainer, { seconds: 100, busySeconds: 60, saliencySeconds: 7 });
  trainer.busy += 2500;
  trainer.saliencyTime += 500;
  const { seconds, busySeconds, saliencySeconds } = clock.spent;
  expect({ busySeconds, saliencySeconds }).toEqual({ busySeconds: 62.5, saliencySeconds: 7.5 });
  expect(seconds).toBeGreaterThan(100);
  expect(seconds).toBeLessThan(101);
  expect(clock.idle).toBeCloseTo(1 - 62.5 / seconds, 3);
});
