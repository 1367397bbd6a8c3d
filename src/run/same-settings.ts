/** Whether a run that is resumed has the settings it was begun with. */
import { SaliencyMixError } from '../errors';

/** All values of nested data, as JSON, by their dotted names. */
function leaves(value: unknown, path: string, into: Map<string, string>): Map<string, string> {
  if (value !== null && typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) leaves(inner, path ? `${path}.${key}` : key, into);
  } else {
    into.set(path, JSON.stringify(value));
  }
  return into;
}

/** Paths may differ: the files may have been moved, and the fingerprint tells whether they are the same. */
const mayDiffer = (name: string) => /^\w+\.path$/.test(name);

/** @throws SaliencyMixError OUTPUT where the run was begun with other settings; it names those that differ */
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
