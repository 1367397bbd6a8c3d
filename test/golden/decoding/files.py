"""PNG and TIFF files written byte by byte, in the forms that no library here writes."""

import struct
import zlib

import numpy as np

# Adam7: first row, first column, step of rows, step of columns of each pass.
PASSES = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(rows, depth):
    """Each row's samples as bytes: big-endian at 16 bits, several to a byte below 8."""
    flat = rows.reshape(rows.shape[0], -1)
    if depth == 16:
        return [row.astype(">u2").tobytes() for row in flat]
    if depth == 8:
        return [row.astype("u1").tobytes() for row in flat]
    bits = (flat[:, :, None] >> np.arange(depth)[::-1]) & 1
    return [np.packbits(row.reshape(-1).astype("u1")).tobytes() for row in bits]


def png(pixels, depth=8, palette=None, transparent=None, icc=None, interlaced=False, extra=b""):
    """`pixels` is height × width × channels; with a `palette` they are its numbers."""
    height, width, channels = pixels.shape
    colour = 3 if palette is not None else COLOUR_TYPES[channels]
    passes = [pixels[r::dr, c::dc] for r, c, dr, dc in PASSES] if interlaced else [pixels]
    lines = [b"\0" + row for part in passes if part.size > 0 for row in packed(part, depth)]
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    chunks = [chunk(b"IHDR", head), extra]
    if icc:
        chunks.append(chunk(b"iCCP", b"profile\0\0" + zlib.compress(icc, 9)))
    if palette is not None:
        chunks.append(chunk(b"PLTE", np.asarray(palette, "u1").tobytes()))
    if transparent is not None:
        chunks.append(chunk(b"tRNS", transparent))
    chunks += [chunk(b"IDAT", zlib.compress(b"".join(lines), 9)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


KINDS = {"bytes": 1, "short": 3, "long": 4, "undefined": 7}
SIZES = {1: 1, 3: 2, 4: 4, 7: 1, 16: 8}


def tiff(
    pixels, photometric, depth=8, order="<", big=False, tile=None, planar=False, extras=None, icc=None, **tags
):
    """
    One uncompressed page. `extras` is the ExtraSamples tag; `tags` are more tags by name (see NAMES), a number or
    a list each.
    """
    height, width, samples = pixels.shape
    planes = [pixels[:, :, i : i + 1] for i in range(samples)] if planar else [pixels]
    blocks = [block for plane in planes for block in (tiles(plane, tile) if tile else [plane])]
    data = [b"".join(row for row in packed_in(block, depth, order)) for block in blocks]
    entries = {
        256: ("long", [width]),
        257: ("long", [height]),
        258: ("short", [depth] * samples),
        259: ("short", [1]),
        262: ("short", [photometric]),
        277: ("short", [samples]),
        284: ("short", [2 if planar else 1]),
    }
    if tile:
        entries |= {
            322: ("long", [tile]),
            323: ("long", [tile]),
            324: ("long", None),
            325: ("long", list(map(len, data))),
        }
    else:
        entries |= {273: ("long", None), 278: ("long", [height]), 279: ("long", list(map(len, data)))}
    if extras is not None:
        entries[338] = ("short", list(extras))
    if icc:
        entries[34675] = ("undefined", list(icc))
    for name, value in tags.items():
        entries[NAMES[name]] = ("short", value if isinstance(value, list) else [value])
    return assembled(entries, data, order, big)


NAMES = {"orientation": 274, "colour_map": 320, "sample_format": 339, "ink_set": 332}


def assembled(entries, data, order, big):
    """The header, the blocks of pixels, what tags point at, and the directory."""
    head = 16 if big else 8
    places, body = [], b""
    for block in data:
        places.append(head + len(body))
        body += block + bytes(len(block) % 2)
    entries = {tag: (kind, places if values is None else values) for tag, (kind, values) in entries.items()}
    word, inline = ("Q", 8) if big else ("I", 4)
    directory = struct.pack(order + ("Q" if big else "H"), len(entries))
    for tag, (kind, values) in sorted(entries.items()):
        letter = {1: "B", 3: "H", 4: "I", 7: "B"}[KINDS[kind]]
        content = struct.pack(f"{order}{len(values)}{letter}", *values)
        if len(content) > inline:
            place = head + len(body)
            body += content + bytes(len(content) % 2)
            content = struct.pack(order + word, place)
        directory += struct.pack(order + "HH" + word, tag, KINDS[kind], len(values)) + content.ljust(
            inline, b"\0"
        )
    directory += struct.pack(order + word, 0)
    mark = b"II" if order == "<" else b"MM"
    start = head + len(body)
    header = mark + (
        struct.pack(order + "HHHQ", 43, 8, 0, start) if big else struct.pack(order + "HI", 42, start)
    )
    return header + body + directory


def packed_in(block, depth, order):
    if block.dtype.kind == "f":
        return [row.astype(order + "f4").tobytes() for row in block]
    if depth == 16:
        return [row.astype(order + "u2").tobytes() for row in block]
    return packed(block, depth)


def tiles(plane, side):
    height, width, _ = plane.shape
    padded = np.pad(plane, ((0, -height % side), (0, -width % side), (0, 0)))
    return [padded[r : r + side, c : c + side] for r in range(0, height, side) for c in range(0, width, side)]
