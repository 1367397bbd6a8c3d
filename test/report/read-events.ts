/** Event files, read by a schema and checksums of the tests' own. */
import protobuf from 'protobufjs';

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
export function checksum(bytes: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0x82f63b78 : 0);
  }
  const crc = BigInt(~rest >>> 0);
  return Number(((crc >> 15n) + ((crc << 17n) & 0xffffffffn) + 0xa282ead8n) & 0xffffffffn);
}

/** Every message of a file whose framing is right. */
export function readEvents(file: Uint8Array): Record<string, unknown>[] {
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
