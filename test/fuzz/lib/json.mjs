/** Changes of JSON values: other types, numbers at which programs go wrong, missing, repeated and strange keys. */

/** Stands for lists and objects too deep for functions that call themselves. */
const DEEP = 'deep, in many lists';
const LEVELS = 20_000;

const LEAVES = [
  null,
  true,
  false,
  0,
  -0,
  1,
  -1,
  0.5,
  1e-320,
  1e308,
  -1e308,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 53 + 2,
  -(2 ** 31) - 1,
  '',
  ' ',
  '0',
  '1',
  '-1',
  'NaN',
  '1e400',
  'a'.repeat(300),
  '\u0000',
  '\ufeff',
  '\ud800',
  'é',
  'e\u0301',
  '__proto__',
  'constructor',
  '../x',
  '/etc/passwd',
  'a/../../b',
  'F32',
  'I64',
  'paste',
  DEEP,
  [],
  {},
  [[]],
  [null],
  [0],
  [1],
  [0, 1],
  [0.5, 0.5],
  [1e308, 1e308],
  { toString: 1 },
  { length: 1e9 },
  { constructor: null },
];

const isNode = (value) => value !== null && typeof value === 'object';

/** Every place in a value: its holder and key. */
function placesIn(value, found = []) {
  if (!isNode(value)) return found;
  for (const key of Object.keys(value)) {
    found.push([value, key]);
    placesIn(value[key], found);
  }
  return found;
}

function leaf(random, before) {
  if (typeof before === 'number' && random.oneIn(2))
    return random.pick([before + 1, before - 1, -before, before / 2, before * 2, before + 0.5, before * 1e9]);
  if (typeof before === 'string' && before.length > 0 && random.oneIn(2)) {
    const at = random.below(before.length);
    return random.pick([
      before.slice(0, at),
      before + before,
      before.slice(0, at) + before.slice(at + 1),
      ` ${before}`,
      before.toUpperCase(),
    ]);
  }
  return structuredClone(random.pick(LEAVES));
}

function changeOnce(random, root) {
  const places = placesIn(root.value);
  if (places.length === 0 || random.oneIn(40)) {
    root.value = leaf(random, root.value);
    return;
  }
  const [holder, key] = random.pick(places);
  const [, other] = random.pick(places);
  const [elsewhere, from] = random.pick(places);
  switch (random.below(8)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 1:
      if (Array.isArray(holder)) holder.splice(Number(key), 0, structuredClone(holder[key]));
      else holder[random.pick([other, 'length', 'toString', 'x'])] = structuredClone(holder[key]);
      break;
    case 2:
      holder[key] = structuredClone(elsewhere[from]);
      break;
    case 3:
      if (Array.isArray(holder)) holder.reverse();
      else holder[key] = [holder[key]];
      break;
    default:
      holder[key] = leaf(random, holder[key]);
  }
}

/** The text of a value, for what `changeJson` gives. */
export const toText = (value) =>
  JSON.stringify(value)
    .replace(`"${DEEP}"`, `${'['.repeat(LEVELS)}${']'.repeat(LEVELS)}`)
    .replace(`"${DEEP}"`, `${'{"a":'.repeat(LEVELS)}1${'}'.repeat(LEVELS)}`);

/** A changed copy. */
export function changeJson(random, value) {
  const root = { value: structuredClone(value) };
  for (let left = 1 + random.small(4); left > 0; left--) changeOnce(random, root);
  return root.value;
}
