import protobuf from 'protobufjs';
import { crc32c } from '../../src/report/crc32c';
import { eventFileHeader, eventFileName, scalarEvent, textEvent } from '../../src/report/events';

/** A schema of its own, by numbers alone: what the reader sees hangs on nothing that the writer says. */
const field = (id: number, type: string, rule?: 'repeated') => ({ id, type, rule });
const Read = protobuf.Root.fromJSON({
  nested: {
    Plugin: { fields: { name: field(1, 'string') } },
    Meta: { fields: { plugin: field(1, 'Plugin'), dataClass: field(4, 'int32') } },
    Dim: { fields: { size: field(1, 'int64') } },
    Shape: { fields: { dim: field(2, 'Dim', 'repeated') } },
    Tensor: {
      fields: { dtype: field(1, 'int32'), shape: field(2, 'Shape'), strings: field(8, 'bytes', 'repeated') },
    },
    Value: {
      fields: {
        tag: field(1, 'string'),
        simple: field(2, 'float'),
        tensor: field(8, 'Tensor'),
        meta: field(9, 'Meta'),
      },
    },
    Summary: { fields: { value: field(1, 'Value', 'repeated') } },
    Session: { fields: { status: field(1, 'int32') } },
    Event: {
      fields: {
        wallTime: field(1, 'double'),
        step: field(2, 'int64'),
        version: field(3, 'string'),
        summary: field(5, 'Summary'),
        session: field(7, 'Session'),
      },
    },
  },
}).lookupType('Event');

/** CRC-32C bit by bit, masked. */
function checksum(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0x82f63b78 : 0);
  }
  const crc = BigInt(~rest >>> 0);
  return Number(((crc >> 15n) + ((crc << 17n) & 0xffffffffn) + 0xa282ead8n) & 0xffffffffn);
}

/** Every message of a file whose framing is right. */
function read(file: Uint8Array): Record<string, unknown>[] {
  const bytes = Buffer.from(file);
  const messages: Record<string, unknown>[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(bytes.readUInt32LE(at + 8)).toBe(checksum(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(data.length).toBe(length);
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(checksum(data));
    messages.push(Read.toObject(Read.decode(data), { longs: Number, bytes: Array }));
    at += 16 + length;
  }
  return messages;
}

test('CRC-32C of RFC 3720, B.4', () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(ascending)).toBe(0x46dd794e);
  expect(crc32c(ascending.toReversed())).toBe(0x113fdb5c);
  const command = Buffer.from(
    '01c000000000000000000000000000001400000000000400000000140000001828000000000000000200000000000000',
    'hex',
  );
  expect(crc32c(command)).toBe(0xd9963a56);
  expect(crc32c(new Uint8Array(0))).toBe(0);
});

test('a file begins with the version and with the step from which on earlier files do not count', () => {
  expect(read(eventFileHeader(1_700_000_000.25, 501))).toEqual([
    { wallTime: 1_700_000_000.25, version: 'brain.Event:2' },
    { wallTime: 1_700_000_000.25, step: 501, session: { status: 1 } },
  ]);
});

test('scalars of one step share an event', () => {
  const scalars = { 'train/loss': 2.5, 'train/learning rate': 0.1, 'test/x': Number.NaN };
  const [{ summary, ...rest }] = read(scalarEvent({ wallTime: 5, step: 2 ** 40, scalars }));
  expect(rest).toEqual({ wallTime: 5, step: 2 ** 40 });
  expect(summary).toEqual({
    value: [
      { tag: 'train/loss', simple: 2.5 },
      { tag: 'train/learning rate', simple: Math.fround(0.1) },
      { tag: 'test/x', simple: Number.NaN },
    ],
  });
});

test('text is a tensor without dimensions, of the text plugin', () => {
  const [{ summary }] = read(textEvent({ wallTime: 5, step: 0, tag: 'settings', markdown: '**λ**' }));
  expect(summary).toEqual({
    value: [
      {
        tag: 'settings',
        meta: { plugin: { name: 'text' }, dataClass: 2 },
        tensor: { dtype: 7, shape: {}, strings: [[...Buffer.from('**λ**')]] },
      },
    ],
  });
});

test('records follow one another', () => {
  const one = scalarEvent({ wallTime: 1, step: 1, scalars: { a: 1 } });
  const two = scalarEvent({ wallTime: 2, step: 2, scalars: {} });
  const steps = read(Buffer.concat([eventFileHeader(0, 0), one, two])).map(({ step }) => step);
  expect(steps).toEqual([undefined, undefined, 1, 2]);
});

test('names of files sort by time and hold no folder', () => {
  const [early, late] = [eventFileName(999_999_999.9, 'a', 9), eventFileName(1_000_000_000, 'a', 1)];
  expect(early).toBe('events.out.tfevents.0999999999.a.9');
  expect([late, early].toSorted()).toEqual([early, late]);
  expect(eventFileName(1e9, '../a b', 1)).toBe('events.out.tfevents.1000000000..._a_b.1');
});
