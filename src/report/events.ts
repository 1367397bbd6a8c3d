/**
 * The bytes of TensorBoard event files: TFRecords of Event messages. Nothing here touches a disk.
 *
 * The messages' field numbers are those of tensorboard/compat/proto (event.proto, summary.proto, tensor.proto,
 * tensor_shape.proto, types.proto), the records' layout that of tensorflow/core/lib/io/record_writer.h.
 */
import protobuf from 'protobufjs';
import { crc32c } from './crc32c';

const Event = protobuf
  .parse(`
    syntax = "proto3";
    enum SessionStatus { STATUS_UNSPECIFIED = 0; START = 1; }
    enum DataType { DT_INVALID = 0; DT_STRING = 7; }
    enum DataClass { DATA_CLASS_UNKNOWN = 0; DATA_CLASS_TENSOR = 2; }
    message SessionLog { SessionStatus status = 1; }
    message TensorShape {}
    message Tensor { DataType dtype = 1; TensorShape tensor_shape = 2; repeated string string_val = 8; }
    message PluginData { string plugin_name = 1; }
    message Metadata { PluginData plugin_data = 1; DataClass data_class = 4; }
    message Value {
      string tag = 1;
      Metadata metadata = 9;
      oneof value { float simple_value = 2; Tensor tensor = 8; }
    }
    message Summary { repeated Value value = 1; }
    message Event {
      double wall_time = 1;
      int64 step = 2;
      oneof what { string file_version = 3; Summary summary = 5; SessionLog session_log = 7; }
    }
  `)
  .root.lookupType('Event');

/** A checksum as the format stores it: one over bytes that hold checksums themselves would tell little. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Length (uint64), its masked checksum, data, its masked checksum; all little endian. */
function record(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(12 + data.length + 4);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(bytes.subarray(0, 8)), true);
  bytes.set(data, 12);
  view.setUint32(12 + data.length, masked(data), true);
  return bytes;
}

const event = (fields: Record<string, unknown>): Uint8Array =>
  record(Event.encode(Event.fromObject(fields)).finish());

/** When something was measured. */
export interface Moment {
  /** Seconds since 1970, fractions allowed. */
  wallTime: number;
  /** Training steps done, at least 0. */
  step: number;
}

/**
 * What an event file begins with: the version of the format, and the start of a session whose first step is `firstStep`.
 *
 * TensorBoard drops what earlier files of the folder say of `firstStep` and later ones, so that a run which continues
 * from a checkpoint replaces what it had written beyond it. It does so from the second start on that it sees: the
 * first file of a run needs one, too.
 */
export function eventFileHeader(wallTime: number, firstStep: number): Uint8Array {
  return Buffer.concat([
    event({ wallTime, fileVersion: 'brain.Event:2' }),
    event({ wallTime, step: firstStep, sessionLog: { status: 'START' } }),
  ]);
}

/** Points of curves, each named by its tag; tags with the same words before a slash are shown together. */
export function scalarEvent({
  wallTime,
  step,
  scalars,
}: Moment & { scalars: Record<string, number> }): Uint8Array {
  const value = Object.entries(scalars).map(([tag, simpleValue]) => ({ tag, simpleValue }));
  return event({ wallTime, step, summary: { value } });
}

/** Markdown, shown under the tag. */
export function textEvent({
  wallTime,
  step,
  tag,
  markdown,
}: Moment & { tag: string; markdown: string }): Uint8Array {
  const metadata = { pluginData: { pluginName: 'text' }, dataClass: 'DATA_CLASS_TENSOR' };
  // A shape without dimensions: one string, not a list of them.
  const tensor = { dtype: 'DT_STRING', tensorShape: {}, stringVal: [markdown] };
  return event({ wallTime, step, summary: { value: [{ tag, metadata, tensor }] } });
}

/**
 * A name that TensorBoard takes for an event file. It reads a folder's files in the order of their names, so those of
 * a run that continues must come later: seconds with ten digits, as from 2001 to 2286.
 */
export function eventFileName(wallTime: number, host: string, pid: number): string {
  const seconds = String(Math.floor(wallTime)).padStart(10, '0');
  return `events.out.tfevents.${seconds}.${host.replaceAll(/[^\w.-]/g, '_')}.${pid}`;
}
