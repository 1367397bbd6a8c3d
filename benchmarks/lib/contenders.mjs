// From files to running contenders: asks each file what it is, and starts a process for each of its variants.
import { ContenderProcess, SYSTEM_ALLOCATOR } from './process.mjs';

/** A contender that cannot take part, and why. */
function absent(file, { missing, install }) {
  const name = file.pathname
    .split('/')
    .at(-1)
    .replace(/\.\w+$/, '');
  return { name, why: `${missing} not installed`, install };
}

/** What a contender says of itself, and the process that said so. */
async function describe(file, root) {
  let asked;
  try {
    asked = new ContenderProcess(file);
    return { about: await asked.ask('describe', { root }), asked };
  } catch (error) {
    await asked?.end();
    if (asked) throw error;
    return { about: { missing: 'python3', install: 'apt-get install python3' } };
  }
}

/** What tells two variants of a contender apart, in the order in which people ask. */
export function label({ name, level, threads, commit }) {
  const many = threads === undefined ? undefined : `${threads} thread${threads === 1 ? '' : 's'}`;
  return [name, level, many, commit && `at ${commit}`].filter(Boolean).join(', ');
}

/**
 * A process for each variant. The level is the process's, and so are its processors: the one that was asked goes on only
 * where there is nothing to say of either, as starting Python and its libraries takes seconds.
 */
async function startVariants(file, place, about, asked) {
  if (about.shared) {
    await asked.end();
    const counts = new Set(about.variants.map(({ threads }) => threads));
    const processes = new Map(
      [...counts].map((threads) => [threads, new ContenderProcess(file, {}, threads)]),
    );
    return about.variants.map((variant) =>
      contenderOf(place, about, variant, processes.get(variant.threads)),
    );
  }
  const [first, ...others] = about.variants;
  if (first.level === undefined && first.threads !== 1) {
    return [contenderOf(place, about, first, asked), ...others.map((v) => start(file, place, about, v))];
  }
  await asked.end();
  return about.variants.map((variant) => start(file, place, about, variant));
}

function start(file, place, about, variant) {
  const environment = {
    ...(variant.level && { SALIENCYMIX_CPU: variant.level }),
    ...(variant.allocator === 'system' && SYSTEM_ALLOCATOR),
    ...variant.environment,
  };
  return contenderOf(place, about, variant, new ContenderProcess(file, environment, variant.threads));
}

function contenderOf(place, about, variant, process) {
  const contender = {
    name: variant.name ?? about.name,
    level: variant.level,
    threads: variant.threads,
    commit: place.commit,
    own: about.own === true,
    reference: about.reference === true,
    variant,
    root: place.root,
    process,
  };
  return { ...contender, label: label(contender) };
}

/**
 * Starts the contenders of a task. `places`: [{ root }] for this checkout, and { root, commit } for another one, which
 * only brings its own variants: rivals and reference are the same for both.
 */
export async function startContenders(task, places) {
  const running = [];
  const left = [];
  const versions = {};
  const remarks = [];
  for (const file of task.files) {
    for (const place of places) {
      const { about, asked } = await describe(file, place.root);
      if (about.missing || (place.commit && !about.own)) {
        if (about.missing) left.push(absent(file, about));
        await asked?.end();
        break;
      }
      if (!place.commit) Object.assign(versions, about.versions);
      for (const remark of about.remarks ?? []) remarks.push(`${about.name}: ${remark}`);
      running.push(...(await startVariants(file, place, about, asked)));
    }
  }
  return { running, left, versions, remarks };
}
