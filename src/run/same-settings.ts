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

type Group = Readonly<Record<string, unknown>>;

const isGroup = (value: unknown): value is Group =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/**
 * The settings of a run that an earlier version has begun: what it did not know yet, and is known now, has its default.
 * Lists are whole.
 */
function withDefaults(first: unknown, now: unknown, defaults: unknown): unknown {
  if (!isGroup(first) || !isGroup(now) || !isGroup(defaults)) return first;
  const names = Object.keys(defaults).filter((name) => now[name] !== undefined);
  const added = names.map((name) => [
    name,
    first[name] === undefined ? defaults[name] : withDefaults(first[name], now[name], defaults[name]),
  ]);
  return { ...first, ...Object.fromEntries(added) };
}

/**
 * @param defaults of settings that may be missing in the first ones, in the same places
 * @throws SaliencyMixError OUTPUT where the run was begun with other settings; it names those that differ
 */
export function checkSameSettings(
  first: unknown,
  now: unknown,
  { out, defaults }: { out: string; defaults?: unknown },
): void {
  const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value ?? null));
  const before = leaves(plain(withDefaults(first, now, defaults)), '', new Map());
  const after = leaves(plain(now), '', new Map());
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const different = names.filter((name) => before.get(name) !== after.get(name) && !mayDiffer(name));
  if (different.length === 0) return;
  const shown = different
    .slice(0, 5)
    .map((name) => `${name} was ${before.get(name)} and is now ${after.get(name)}`);
  const isShard = different.every((name) => name.startsWith('shard.'));
  const advice = isShard
    ? 'Give each shard a folder of its own (--out)'
    : 'Resume with the first ones, or start over with --force';
  const more = different.length > 5 ? `, and ${different.length - 5} more` : '';
  throw new SaliencyMixError(
    'OUTPUT',
    `${out} was begun with other settings: ${shown.join('; ')}${more}. ${advice}`,
    { file: out },
  );
}
