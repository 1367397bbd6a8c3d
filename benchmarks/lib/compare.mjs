// Comparing results. Each function throws an Error that says by how much, or says nothing.

/** Equal in every value. */
export function checkEqual(found, wanted, what) {
  if (found.length !== wanted.length)
    throw new Error(`${what}: ${found.length} values, not ${wanted.length}`);
  for (let i = 0; i < wanted.length; i++) {
    if (found[i] !== wanted[i]) throw new Error(`${what}: value ${i} is ${found[i]}, not ${wanted[i]}`);
  }
}

/** Within `tolerance`, but for a share of at most `rare` of the values. Gives the largest difference and that share. */
export function checkClose(found, wanted, { tolerance, rare = 0 }, what) {
  if (found.length !== wanted.length)
    throw new Error(`${what}: ${found.length} values, not ${wanted.length}`);
  let worst = 0;
  let beyond = 0;
  for (let i = 0; i < wanted.length; i++) {
    const difference = Math.abs(found[i] - wanted[i]);
    // Written so that NaN counts as beyond.
    if (!(difference <= tolerance)) beyond++;
    if (!(difference <= worst)) worst = difference;
  }
  const share = beyond / wanted.length;
  if (share > rare) {
    throw new Error(
      `${what}: ${Number((100 * share).toPrecision(2))} % of the values differ by more than ${tolerance}; the largest difference is ${worst}`,
    );
  }
  return { worst, share };
}
