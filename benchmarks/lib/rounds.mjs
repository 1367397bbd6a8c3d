// One job among its contenders: prepare, compare, then time in rounds. Only one contender works at any time.
import { numbers } from './inputs.mjs';

/**
 * A measurement has at least so many milliseconds, so that starting and stopping the clock costs nothing; and before the
 * first one a contender has worked for `warm` of them, as a training loop has.
 */
const LENGTHS = { full: { enough: 60, warm: 400 }, quick: { enough: 5, warm: 5 } };

/** Result of a contender that is not the reference's. */
export class Mismatch extends Error {}

/**
 * The contenders that do this job. What they skip is their right: a CutMix has no saliency. Why one of our own does not take
 * part is worth telling, unless it says no more than true.
 */
async function prepareAll(contenders, job) {
  const taking = [];
  const skipped = [];
  for (const contender of contenders) {
    const { process, variant, root } = contender;
    const { skip } = await process.ask('prepare', { job, variant, root });
    if (!skip) taking.push(contender);
    else if (contender.own && skip !== true)
      skipped.push({ contender: contender.name, note: `left out: ${skip}` });
  }
  return { taking, skipped };
}

/**
 * Each contender's first batch against the reference's (where there is none, the first contender's), before anything is
 * timed. Gives what is worth saying.
 */
async function compareAll(contenders, job, task, folder) {
  const results = [];
  for (const contender of contenders.toSorted((a, b) => Number(b.reference) - Number(a.reference))) {
    // What the reference drew goes along, for contenders that can repeat it.
    const drawn = results[0]?.facts;
    results.push({
      contender,
      ...(await contender.process.ask('result', { variant: contender.variant, folder, drawn })),
    });
  }
  const [reference] = results;
  const notes = new Map(); // the levels of one contender mostly give the same one
  for (const result of results) {
    const { name } = result.contender;
    try {
      const note = task.check(job, result, reference);
      if (note) notes.set(`${name} ${note}`, { contender: name, note });
    } catch (error) {
      throw new Mismatch(`${job.label}: ${result.contender.label}: ${error.message}`, { cause: error });
    }
  }
  return [...notes.values()];
}

const runOf = ({ process, variant }, repeat) => process.ask('run', { variant, repeat });

/**
 * Warms up, and finds how many batches make a measurement that is long enough: one that was. A guess from a shorter one
 * would be far too low, as engines are still compiling then.
 */
async function calibrate(contender, { enough, warm }) {
  const time = async (repeat) => (await runOf(contender, repeat)).ms;
  // The first batch pays for what is set up once, so only one that is long beyond doubt tells anything.
  if ((await time(1)) > 4 * enough) return 1;
  let repeat = 1;
  for (let spent = 0; ; ) {
    const ms = await time(repeat);
    spent += ms;
    if (ms >= enough && spent >= warm) return repeat;
    if (ms < enough) repeat = Math.ceil(repeat * Math.min(4, (1.2 * enough) / ms));
  }
}

/** The numbers below `count` in an order of the round's own (Fisher and Yates). */
function orderOf(round, count) {
  const random = numbers(round);
  const order = Array.from({ length: count }, (_, i) => i);
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}

/**
 * Some of the batches that a contender holds in memory, at most all of them, which are not timed. Virtual machines may take
 * the pages of a process that waits for its turn; to have them again costs 5 microseconds each on some, more than the work
 * on what lies in them.
 */
const settle = (contender, batches, repeat) => runOf(contender, Math.min(repeat, batches));

/**
 * Times of one batch in milliseconds, for each contender one per round: by the clock on the wall, or with `clock` cpu
 * CPU times. Each round has an order of its own, since who comes after a neighbour that leaves the caches full of other
 * things, or the processor slow, loses some per cent by it.
 */
async function timeAll(contenders, inputs, rounds, lengths, clock) {
  const repeats = [];
  for (const contender of contenders) repeats.push(await calibrate(contender, lengths));
  const times = contenders.map(() => []);
  const peaks = [];
  for (let round = 0; round < rounds; round++) {
    for (const turn of orderOf(round, contenders.length)) {
      if (inputs && clock === 'wall') await settle(contenders[turn], inputs.shape[0], repeats[turn]);
      const { ms, cpuMs, peakMB } = await runOf(contenders[turn], repeats[turn]);
      peaks[turn] = peakMB;
      times[turn].push((clock === 'cpu' ? cpuMs : ms) / repeats[turn]);
    }
  }
  return { repeats, times, peaks };
}

/** @throws Mismatch when a result is wrong; then nothing of the job is timed */
export async function runJob(task, job, contenders, { rounds, quick, folder }) {
  const { clock = 'wall' } = task;
  const { taking, skipped } = await prepareAll(contenders, job);
  const notes = await compareAll(taking, job, task, folder);
  const lengths = quick ? LENGTHS.quick : LENGTHS.full;
  const { repeats, times, peaks } = await timeAll(taking, job.input, rounds, lengths, clock);
  const { id, label, images, bytes = null, batch, rivals = [], compare = 'all', memory = false } = job;
  return {
    id,
    label,
    images,
    bytes,
    batch,
    clock,
    rivals,
    compare,
    notes: [...skipped, ...notes],
    contenders: taking.map(({ name, level, threads, commit, own, reference, label: title }, i) => ({
      label: title,
      name,
      level,
      threads,
      commit,
      own,
      reference,
      repeat: repeats[i],
      peakMB: memory ? peaks[i] : undefined,
      ms: times[i].map((value) => Number(value.toPrecision(6))),
    })),
  };
}
