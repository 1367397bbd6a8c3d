/** How deep data from a file is nested: functions that walk through it would run out of stack where that has no bound. */

/** What this package writes is far less deep. */
const DEEPEST = 64;

/** Whether lists and objects lie deeper in one another than any that this package writes. */
export function isTooDeep(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) return true;
    level = level.flatMap((one) => (one !== null && typeof one === 'object' ? Object.values(one) : []));
  }
  return false;
}
