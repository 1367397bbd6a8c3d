// Takes the code of other architectures out of a library of CUDA code, so that it can be packed small: it is overwritten with
// zeros where it lies, and everything else stays at its place. The driver takes the entry of its own architecture.
//
// The form of fat binaries is not documented by NVIDIA; these fields were read off libraries that nvcc 13 made: containers in the
// sections .nv_fatbin*, each with a header (magic, version, bytes of header, bytes of entries) and entries (kind, version, bytes
// of header, bytes of code, …, architecture at 28).

const MAGIC = 0xba55ed50;

/** Offset and size of the sections of an ELF file (64 bits, little endian) whose names begin so. */
function sectionsOf(bytes, prefix) {
  const [at, each, count, names] = [
    Number(bytes.readBigUInt64LE(0x28)),
    bytes.readUInt16LE(0x3a),
    bytes.readUInt16LE(0x3c),
    bytes.readUInt16LE(0x3e),
  ];
  const section = (i) => ({
    name: bytes.readUInt32LE(at + i * each),
    offset: Number(bytes.readBigUInt64LE(at + i * each + 0x18)),
    size: Number(bytes.readBigUInt64LE(at + i * each + 0x20)),
  });
  const texts = section(names).offset;
  return Array.from({ length: count }, (_, i) => section(i)).filter(({ name }) =>
    bytes.subarray(texts + name, texts + name + prefix.length).equals(Buffer.from(prefix)),
  );
}

function entriesOf(bytes, from, to) {
  const entries = [];
  for (let at = from; at < to; ) {
    const [header, code] = [bytes.readUInt32LE(at + 4), Number(bytes.readBigUInt64LE(at + 8))];
    entries.push({ code: at + header, size: code, architecture: bytes.readUInt32LE(at + 28) });
    at += header + code;
  }
  return entries;
}

/**
 * A copy with the code of one architecture alone; containers that have none for it stay whole.
 * @param architecture 90 for compute capability 9.0
 */
export function thin(library, architecture) {
  const bytes = Buffer.from(library);
  for (const { offset, size } of sectionsOf(bytes, '.nv_fatbin')) {
    for (let at = offset; at + 16 <= offset + size; ) {
      if (bytes.readUInt32LE(at) !== MAGIC) {
        at += 8;
        continue;
      }
      const start = at + bytes.readUInt16LE(at + 6);
      const end = start + Number(bytes.readBigUInt64LE(at + 8));
      const entries = entriesOf(bytes, start, end);
      const isThere = entries.some((entry) => entry.architecture === architecture);
      for (const entry of entries)
        if (isThere && entry.architecture !== architecture)
          bytes.fill(0, entry.code, entry.code + entry.size);
      at = end;
    }
  }
  return bytes;
}
