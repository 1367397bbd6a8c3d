/**
 * The bytes of TensorBoard event files: TFRecords of Event messages. metrics.ts writes the files.
 *
 * Field numbers of messages are those of tensorboard/compat/proto (event.proto, summary.proto, tensor.proto,
 * tensor_shape.proto, types.proto); the layout of records is that of tensorflow/core/lib/io/record_writer.h.
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

/** A checksum as the format stores it: masked, since a CRC of bytes that contain CRCs would detect less. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** A TFRecord: length (uint64), its masked checksum, the data, its masked checksum; all little endian. */
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
 * The beginning of an event file: the version of the format, and the start of a session whose first step is
 * `firstStep`.
 *
 * When TensorBoard reads a session start, it drops what earlier files of the folder have from `firstStep` on.
 * So a run that continues from a checkpoint replaces the steps that it had written after it. The first session
 * start that TensorBoard reads has no such effect, so the first file of a run needs one, too.
 */
export function eventFileHeader(wallTime: number, firstStep: number): Uint8Array {
  return Buffer.concat([
    event({ wallTime, fileVersion: 'brain.Event:2' }),
    event({ wallTime, step: firstStep, sessionLog: { status: 'START' } }),
  ]);
}

/**
 * One point for each of several curves, which their tags name. Tags with the same words before a slash are
 * shown together.
 */
export function scalarEvent({
  wallTime,
  step,
  scalars,
}: Moment & { scalars: Record<string, number> }): Uint8Array {
  const value = Object.entries(scalars).map(([tag, simpleValue]) => ({ tag, simpleValue }));
  return event({ wallTime, step, summary: { value } });
}

/** A Markdown text, shown under its tag. */
export function textEvent({
  wallTime,
  step,
  tag,
  markdown,
}: Moment & { tag: string; markdown: string }): Uint8Array {
  const metadata = { pluginData: { pluginName: 'text' }, dataClass: 'DATA_CLASS_TENSOR' };
  // The shape has no dimensions: this is one string, not a list.
  const tensor = { dtype: 'DT_STRING', tensorShape: {}, stringVal: [markdown] };
  return event({ wallTime, step, summary: { value: [{ tag, metadata, tensor }] } });
}

/**
 * A file name by which TensorBoard recognises an event file. It reads the files of a folder in the order of
 * their names, so those of a continued run must come later: the name has the seconds since 1970, padded to ten
 * digits.
 */
export function eventFileName(wallTime: number, host: string, pid: number): string {
  const seconds = String(Math.floor(wallTime)).padStart(10, '0');
  return `events.out.tfevents.${seconds}.${host.replaceAll(/[^\w.-]/g, '_')}.${pid}`;
}
