// From files to running contenders: asks each file what it is, and starts a process for each of its variants.
import { ContenderProcess } from './process.mjs';

/** A contender that cannot take part, and why. */
function absent(file, { missing, install }) {
  const name = file.pathname
    .split('/')
    .at(-1)
    .replace(/\.\w+$/, '');
  return { name, why: `${missing} not installed`, install };
}

async function describe(file, root) {
  let asked;
  try {
    asked = new ContenderProcess(file);
  } catch (error) {
    return { missing: error.message, install: 'apt-get install python3' };
  }
  try {
    return await asked.ask('describe', { root });
  } finally {
    await asked.end();
  }
}

/** What tells two variants of a contender apart, in the order in which people ask. */
export function label({ name, level, threads, commit }) {
  const many = threads === undefined ? undefined : `${threads} thread${threads === 1 ? '' : 's'}`;
  return [name, level, many, commit && `at ${commit}`].filter(Boolean).join(', ');
}

function start(file, place, about, variant) {
  const environment = variant.level ? { SALIENCYMIX_CPU: variant.level } : {};
  const contender = {
    name: variant.name ?? about.name,
    level: variant.level,
    threads: variant.threads,
    commit: place.commit,
    own: about.own === true,
    reference: about.reference === true,
    variant,
    root: place.root,
    process: new ContenderProcess(file, environment),
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
  for (const file of task.files) {
    for (const place of places) {
      const about = await describe(file, place.root);
      if (about.missing) left.push(absent(file, about));
      if (about.missing) break;
      if (place.commit && !about.own) continue;
      if (!place.commit) Object.assign(versions, about.versions);
      running.push(...about.variants.map((variant) => start(file, place, about, variant)));
    }
  }
  return { running, left, versions };
}
