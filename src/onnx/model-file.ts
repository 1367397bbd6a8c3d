/**
 * What an ONNX file says beside its graph: the text that is kept with it, and the files that its weights are in where it
 * does not hold them itself (external data). Field numbers are those of the published schema (onnx.proto,
 * github.com/onnx/onnx); only what is read here is declared.
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, normalize, sep, win32 } from 'node:path';
import protobuf from 'protobufjs';
import { cannotOpen } from './faults';

const ModelProto = protobuf
  .parse(`
  syntax = "proto2";
  message StringStringEntryProto { optional string key = 1; optional string value = 2; }
  message TensorProto {
    optional string name = 8; repeated StringStringEntryProto external_data = 13; optional int32 data_location = 14;
  }
  message SparseTensorProto { optional TensorProto values = 1; optional TensorProto indices = 2; }
  message AttributeProto {
    optional TensorProto t = 5; optional GraphProto g = 6; repeated TensorProto tensors = 10; repeated GraphProto graphs = 11;
  }
  message NodeProto { repeated AttributeProto attribute = 5; }
  message GraphProto {
    repeated NodeProto node = 1; repeated TensorProto initializer = 5; repeated SparseTensorProto sparse_initializer = 15;
  }
  message FunctionProto { repeated NodeProto node = 7; }
  message ModelProto {
    optional GraphProto graph = 7; repeated StringStringEntryProto metadata_props = 14; repeated FunctionProto functions = 25;
  }
`)
  .root.lookupType('ModelProto');

interface Entry {
  key: string;
  value: string;
}
interface TensorProto {
  name: string;
  externalData: Entry[];
  /** 1: in another file. */
  dataLocation: number;
}

/** All messages of a kind within a message: protobuf's tree has no circles. */
function* tensorsIn(message: unknown): Generator<TensorProto> {
  if (Array.isArray(message)) for (const one of message) yield* tensorsIn(one);
  if (!(message instanceof protobuf.Message)) return;
  if (message.$type.name === 'TensorProto') yield message as unknown as TensorProto;
  else for (const field of Object.values(message)) yield* tensorsIn(field);
}

const textOf = (entries: readonly Entry[]): Record<string, string> =>
  Object.fromEntries(entries.map(({ key, value }) => [key, value]));

/** Throws unless the file of weights is there, whole, and within the model's folder. */
async function checkData(path: string, { name, externalData }: TensorProto): Promise<void> {
  const { location = '', offset = '0', length = '0' } = textOf(externalData);
  const place = normalize(location);
  const outside =
    isAbsolute(location) || win32.isAbsolute(location) || place === '..' || place.startsWith(`..${sep}`);
  const its = `its weights "${name}" are in ${location || 'a file without a name'}`;
  if (outside || location === '') {
    const advice =
      'only files in the folder of the model or below it are read: put them there, and save it again';
    throw cannotOpen(path, `${its}; ${advice}`);
  }
  const file = join(dirname(path), place);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile())
    throw cannotOpen(path, `${its}, and ${file} is not there: put it beside the model, under that name`);
  const end = Number(offset) + Number(length);
  if (found.size < end)
    throw cannotOpen(
      path,
      `${its}, which has ${found.size} bytes of ${end}: it is cut off, or of another model; get it again`,
    );
}

/** How files begin that are often found in a model's place. */
const OTHERS: [begin: string, what: string][] = [
  ['version https://git-lfs', 'it is a pointer of Git LFS, not the model itself: git lfs pull fetches that'],
  ['<', 'it is a web page or XML, not a model: download the file itself'],
];

/**
 * The text that is kept in a model's file, by key. A file that is no model gives none; ONNX Runtime says what it is not.
 * @throws (rejects) SaliencyMixError MODEL: not there; its external data is not there, cut off, or outside of its folder
 */
export async function readModelFile(path: string): Promise<Record<string, string>> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw cannotOpen(path, error);
  });
  const other = OTHERS.find(([begin]) => bytes.subarray(0, begin.length).equals(Buffer.from(begin)));
  if (other) throw cannotOpen(path, other[1]);
  let model: { metadataProps: Entry[] };
  let tensors: TensorProto[];
  try {
    model = ModelProto.decode(bytes) as unknown as typeof model;
    tensors = [...tensorsIn(model)];
  } catch {
    return {};
  }
  const checked = new Set<string>();
  for (const tensor of tensors) {
    if (tensor.dataLocation !== 1) continue;
    const key = JSON.stringify(textOf(tensor.externalData));
    if (!checked.has(key)) await checkData(path, tensor);
    checked.add(key);
  }
  return textOf(model.metadataProps);
}
