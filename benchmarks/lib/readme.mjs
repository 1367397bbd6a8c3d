// The few numbers of a run that the package's README quotes.
import { digits, rivalsOf, rowsOf } from './figures.mjs';

/** Our best level, on one thread and on all; of the loaders, which always use all, the one that mixes. */
function best(rows) {
  const own = rows.filter(({ own: ours, commit }) => ours && !commit);
  const most = Math.max(...own.map(({ threads = 0 }) => threads));
  const all = own.filter(({ threads = 0 }) => threads === most);
  return { one: own.find(({ threads }) => threads === 1), all: most === 0 ? all.at(-1) : all[0] };
}

function rowOf(task, job) {
  const rows = rowsOf(job, task.bandwidth);
  const { one, all } = best(rows);
  const [rival] = rivalsOf(job);
  const foreign = rows.some(({ name, own }) => name === rival && !own);
  if (!foreign || !all) return undefined;
  const shown = one ?? all;
  return [
    `${task.name}: ${job.label}`,
    rival,
    `${digits(shown.ratios[rival].median)} ×`,
    one ? digits(one.rate.median) : '',
    all === one ? '' : digits(all.rate.median),
  ];
}

/** Head and rows of the table: the job, the rival, how many times as fast, images a second on one thread and on all. */
export function speedTable({ tasks, environment }) {
  const head = ['', 'rival', 'times as fast', 'images/s, one thread', `${environment.cores} threads`];
  return { head, rows: tasks.flatMap((task) => task.jobs.map((job) => rowOf(task, job)).filter(Boolean)) };
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
