/** The name of the folder that a case is kept in. */
export const placeOf = (seed, { kind, number, seed: name }) =>
  `${seed}-${kind}-${number ?? name}`.replaceAll(/[^\w.-]/g, '_');
