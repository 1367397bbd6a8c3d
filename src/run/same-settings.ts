/** Whether a run that is gone on with was asked for the same as now. */
import { SaliencyMixError } from '../errors';

function leaves(value: unknown, path: string, into: Map<string, string>): Map<string, string> {
  if (value !== null && typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) leaves(inner, path ? `${path}.${key}` : key, into);
  } else {
    into.set(path, JSON.stringify(value));
  }
  return into;
}

/** The same files may lie elsewhere: the fingerprint tells. */
const mayDiffer = (name: string) => /^\w+\.path$/.test(name);

/** Refuses to go on with a run that was started with other settings, naming each that differs. */
export function checkSameSettings(first: unknown, now: unknown, out: string): void {
  const before = leaves(first, '', new Map());
  const after = leaves(JSON.parse(JSON.stringify(now)), '', new Map());
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const different = names.filter((name) => before.get(name) !== after.get(name) && !mayDiffer(name));
  if (different.length === 0) return;
  const shown = different
    .slice(0, 5)
    .map((name) => `${name} was ${before.get(name)} and is now ${after.get(name)}`);
  const more = different.length > 5 ? `, and ${different.length - 5} more` : '';
  throw new SaliencyMixError(
    'OUTPUT',
    `${out} was begun with other settings: ${shown.join('; ')}${more}. Resume with the first ones, or start over with --force`,
    { file: out },
  );
}
