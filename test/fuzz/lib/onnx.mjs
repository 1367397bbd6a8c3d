/** Small ONNX models, by the published field numbers (onnx.proto, github.com/onnx/onnx). */
import { encodeFields } from './protobuf.mjs';

const varint = (value) => {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
};
const whole = (number, value) => ({ number, type: 0, bytes: varint(value) });
const text = (number, value) => ({ number, type: 2, bytes: Buffer.from(value) });
const message = (number, fields) => ({ number, type: 2, bytes: encodeFields(fields) });

const dimension = (side) => message(1, [typeof side === 'number' ? whole(1, side) : text(2, side)]);
const port = (number, name, shape, type = 1) =>
  message(number, [
    text(1, name),
    message(2, [message(1, [whole(1, type), message(2, shape.map(dimension))])]),
  ]);

function attribute([name, value]) {
  if (Array.isArray(value))
    return message(5, [text(1, name), ...value.map((one) => whole(8, one)), whole(20, 7)]);
  return message(5, [text(1, name), whole(3, value), whole(20, 2)]);
}

export const node = (type, inputs, outputs, attributes = {}) =>
  message(1, [
    ...inputs.map((one) => text(1, one)),
    ...outputs.map((one) => text(2, one)),
    text(4, type),
    ...Object.entries(attributes).map(attribute),
  ]);

const tensor = (name, dims, type, bytes) =>
  message(5, [
    ...dims.map((side) => whole(1, side)),
    whole(2, type),
    text(8, name),
    { number: 9, type: 2, bytes },
  ]);

export const floats = (name, dims, value = (i) => ((i * 37) % 11) / 11 - 0.4) => {
  const count = dims.reduce((a, b) => a * b, 1);
  return tensor(name, dims, 1, Buffer.from(Float32Array.from({ length: count }, (_, i) => value(i)).buffer));
};
export const integers = (name, values) =>
  tensor(name, [values.length], 7, Buffer.from(BigInt64Array.from(values.map(BigInt)).buffer));

/** Weights in another file, from its start. */
export const outside = (name, dims, location) => {
  const pair = (key, value) => message(13, [text(1, key), text(2, value)]);
  const length = 4 * dims.reduce((a, b) => a * b, 1);
  return message(5, [
    ...dims.map((side) => whole(1, side)),
    whole(2, 1),
    text(8, name),
    pair('location', location),
    pair('offset', '0'),
    pair('length', String(length)),
    whole(14, 1),
  ]);
};

/** `inputs` and `outputs`: name, shape and type of each. */
export const model = ({ inputs, outputs, nodes, initializers = [] }) =>
  encodeFields([
    whole(1, 8),
    message(7, [
      ...nodes,
      text(2, 'graph'),
      ...initializers,
      ...inputs.map((one) => port(11, ...one)),
      ...outputs.map((one) => port(12, ...one)),
    ]),
    message(8, [text(1, ''), whole(2, 13)]),
  ]);
