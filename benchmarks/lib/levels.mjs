// The variants of our own contenders: each level of vector code, on one thread and on all.
import { availableParallelism } from 'node:os';

/** Levels this processor has, best first. An addon without levels has the scalar code only. */
export function levelsOf(library) {
  const cpu = library.backends().find(({ name, available }) => name === 'cpu' && available);
  return cpu?.levels ?? ['scalar'];
}

/** The scalar level is the reference, a contender of its own; it stands in where there is no other. */
export function variantsOf(library) {
  const vector = levelsOf(library).filter((level) => level !== 'scalar');
  const levels = vector.length > 0 ? vector : ['scalar'];
  return levels.flatMap((level) =>
    [...new Set([1, availableParallelism()])].map((threads) => ({ level, threads })),
  );
}

/**
 * What to give calls so that they write into the memory of an earlier result instead of new memory, as a training loop
 * does: { into }, or nothing with an older commit that has no such option. `call(options)` makes one call.
 */
export async function reuseOf(call, earlier) {
  try {
    await call({ into: earlier });
    return { into: earlier };
  } catch (error) {
    if (error.message.startsWith('Unknown option "into"')) return {};
    throw error;
  }
}
