// The few numbers of a run that the package's README quotes.
import { digits, rivalsOf, rowsOf } from './figures.mjs';

/** Our best level, on one thread and on all; of the loaders, which always use all, the one that mixes. */
function best(rows) {
  const own = rows.filter(({ own: ours, commit }) => ours && !commit);
  const most = Math.max(...own.map(({ threads = 0 }) => threads));
  const all = own.filter(({ threads = 0 }) => threads === most);
  return { one: own.find(({ threads }) => threads === 1), all: most === 0 ? all.at(-1) : all[0] };
}

/** Not a library that anyone would use instead. */
const REFERENCE = 'scalar reference';

/** How many times as fast as the job's first rival, with the images a second; undefined where no rival ran. */
function speedOf(task, job) {
  const rows = rowsOf(job, task.bandwidth);
  const { one, all } = best(rows);
  const [rival] = rivalsOf(job);
  const foreign = rows.some(({ name, own }) => name === rival && !own && name !== REFERENCE);
  if (!foreign || !all) return undefined;
  const { ratios, rate } = one ?? all;
  return { rival, text: `${digits(ratios[rival].median)} × (${digits(rate.median)})` };
}

const kindOf = ({ environment: { processor, levels } }) =>
  `${processor.replaceAll(/\((R|TM)\)|Processor/g, '').trim()}, ${levels[0]}`;

/** Head and rows of the table: the job, the rival, and of each kind of processor how many times as fast, with images a second. */
export function speedTable(results) {
  const head = ['', 'rival', ...results.map(kindOf)];
  const jobs = new Map();
  for (const [at, { tasks }] of results.entries())
    for (const task of tasks)
      for (const job of task.jobs) {
        const speed = speedOf(task, job);
        const label = `${task.name}: ${job.label}`;
        if (!speed) continue;
        const cells = jobs.get(label) ?? [label, speed.rival, ...results.map(() => '')];
        cells[2 + at] = speed.text;
        jobs.set(label, cells);
      }
  return { head, rows: [...jobs.values()] };
}

/** Head and rows of the table of training: a network, ours with all defaults beside PyTorch. */
export function trainingTable({ tasks }) {
  const rivals = ['PyTorch NCHW', 'PyTorch channels_last, memory kept', 'saliencymix, standard'];
  const head = [
    '',
    'images/s, one thread',
    ...rivals.map((rival) => `× ${rival}`),
    'memory, of PyTorch NCHW’s',
  ];
  const rows = tasks.flatMap((task) =>
    task.jobs.map((job) => {
      const all = rowsOf(job, task.bandwidth);
      const named = (name) => all.find((one) => one.name === name);
      const { rate, ratios, peakMB } = named('saliencymix');
      const times = rivals.map((rival) => digits(ratios[rival].median));
      return [job.label, digits(rate.median), ...times, digits(peakMB / named(rivals[0]).peakMB)];
    }),
  );
  return { head, rows };
}

export function machineLine({ environment: at, date }) {
  const versions = ['opencv', 'torch', 'torchvision']
    .map((name) => [name, Object.entries(at.versions).find(([key]) => key.toLowerCase() === name)?.[1]])
    .filter(([, version]) => version)
    .map(([name, version]) => `${name} ${version}`);
  return [`${at.processor}`, `level ${at.levels[0]}`, ...versions, date.slice(0, 10)].join(', ');
}
