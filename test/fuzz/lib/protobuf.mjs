/** Changes of protobuf messages that leave them whole: fields dropped, repeated, swapped, with other numbers, at any depth. */
import { changeBytes, NUMBERS } from './bytes.mjs';

function varint(value) {
  const bytes = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

function readVarint(bytes, at) {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (at >= bytes.length) return undefined;
    const byte = bytes[at++];
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return [value, at];
  }
  return undefined;
}

/** The fields of a message; undefined for bytes that are none. */
export function fieldsOf(bytes) {
  const fields = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at);
    if (!tag || tag[0] < 8n || tag[0] > 0xffffn) return undefined;
    const [number, type] = [Number(tag[0] >> 3n), Number(tag[0] & 7n)];
    let end = tag[1];
    const value = type === 0 || type === 2 ? readVarint(bytes, end) : undefined;
    if (type === 0) end = value?.[1];
    else if (type === 1) end += 8;
    else if (type === 5) end += 4;
    else if (type === 2 && value) end = value[1] + Number(value[0]);
    else return undefined;
    if (!(end <= bytes.length)) return undefined;
    const from = type === 2 ? value[1] : tag[1];
    fields.push({ number, type, bytes: bytes.subarray(from, end) });
    at = end;
  }
  return fields;
}

export const encodeFields = (fields) =>
  Buffer.concat(
    fields.flatMap(({ number, type, bytes }) => [
      varint(BigInt((number << 3) | type)),
      ...(type === 2 ? [varint(BigInt(bytes.length))] : []),
      bytes,
    ]),
  );

const WORDS = [
  '',
  'x',
  'y',
  'logits',
  'images',
  'Conv',
  'Reshape',
  'Loop',
  'If',
  'Identity',
  'Gather',
  'Slice',
  'ConstantOfShape',
  'Tile',
  '../x',
  'ai.onnx.ml',
];

function otherValue(random, { type, bytes }) {
  if (type === 0) {
    const number = random.pick([
      ...NUMBERS,
      -1,
      -2,
      2 ** 40,
      2 ** 53,
      ...Array.from({ length: 16 }, (_, i) => i),
    ]);
    return varint(random.oneIn(20) ? 2n ** 63n - 1n : BigInt(number));
  }
  if (type === 2 && random.oneIn(3)) return Buffer.from(random.pick(WORDS));
  return type === 2 ? changeBytes(random, bytes) : random.bytes(bytes.length);
}

function changeFields(random, fields) {
  const at = random.below(fields.length);
  const to = random.below(fields.length);
  switch (random.below(6)) {
    case 0:
      return fields.toSpliced(at, 1);
    case 1:
      return fields.toSpliced(to, 0, fields[at]);
    case 2: {
      const made = [...fields];
      [made[at], made[to]] = [made[to], made[at]];
      return made;
    }
    case 3:
      return fields.with(at, {
        ...fields[at],
        bytes: fields[to].type === fields[at].type ? fields[to].bytes : fields[at].bytes,
      });
    case 4:
      return fields.with(at, { ...fields[at], number: 1 + random.below(30) });
    default:
      return fields.with(at, { ...fields[at], bytes: otherValue(random, fields[at]) });
  }
}

/** One change, in the message or in one within it. */
export function changeMessage(random, bytes) {
  const fields = fieldsOf(bytes);
  if (!fields || fields.length === 0) return changeBytes(random, bytes);
  const inner = fields.flatMap((field, i) =>
    field.type === 2 && fieldsOf(field.bytes)?.length > 0 ? [i] : [],
  );
  if (inner.length === 0 || random.oneIn(4)) return encodeFields(changeFields(random, fields));
  const at = random.pick(inner);
  return encodeFields(fields.with(at, { ...fields[at], bytes: changeMessage(random, fields[at].bytes) }));
}
