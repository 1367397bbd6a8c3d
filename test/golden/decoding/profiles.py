"""Colour profiles (ICC version 2) written byte by byte: of RGB, gray and CMYK devices, none of them anybody's file."""

import struct

import numpy as np

D50 = (0.9642, 1.0, 0.8249)

# The three primaries in CIE xy, brought from D65 to D50 by Bradford's matrix below, and the curve of each channel.
PRIMARIES = {
    "srgb": ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
    "adobe": ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
    "p3": ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06)),
}
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def fixed(value):
    return struct.pack(">i", round(value * 65536))


def xyz(values):
    return b"XYZ \0\0\0\0" + b"".join(fixed(value) for value in values)


def gamma_curve(exponent):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(exponent * 256))


def srgb_curve(steps=1024):
    x = np.arange(steps) / (steps - 1)
    y = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    return b"curv\0\0\0\0" + struct.pack(">I", steps) + np.round(y * 65535).astype(">u2").tobytes()


def text(kind, words):
    data = words.encode("ascii") + b"\0"
    if kind == "text":
        return b"text\0\0\0\0" + data
    return b"desc\0\0\0\0" + struct.pack(">I", len(data)) + data + bytes(78)


def profile(device, space, pcs, name, tags):
    """A whole profile: its header, the table of tags, the tags; equal contents are written once."""
    tags = {"desc": text("desc", name), "cprt": text("text", "No copyright"), "wtpt": xyz(D50), **tags}
    table, body, places = b"", b"", {}
    begin = 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        if data not in places:
            places[data] = begin + len(body)
            body += data + bytes(-len(data) % 4)
        table += tag.encode("ascii") + struct.pack(">II", places[data], len(data))
    header = struct.pack(
        ">I4sI4s4s4s12s4s4sI4s4sQI12s",
        begin + len(body), b"\0\0\0\0", 0x02100000, device, space, pcs, bytes(12), b"acsp", b"\0\0\0\0", 0, b"\0\0\0\0",
        b"\0\0\0\0", 0, 0, b"".join(fixed(value) for value in D50),
    )  # fmt: skip
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def rgb(name):
    """An RGB display: `srgb`, `adobe` or `p3`."""
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in PRIMARIES[name]]).T
    white = np.array([0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])
    columns = columns * np.linalg.solve(columns, white)
    scale = np.diag((BRADFORD @ D50) / (BRADFORD @ white))
    columns = np.linalg.inv(BRADFORD) @ scale @ BRADFORD @ columns
    curve = gamma_curve(563 / 256) if name == "adobe" else srgb_curve()
    tags = {f"{channel}XYZ": xyz(columns[:, i]) for i, channel in enumerate("rgb")}
    tags |= {f"{channel}TRC": curve for channel in "rgb"}
    return profile(b"mntr", b"RGB ", b"XYZ ", name, tags)


def gray(exponent):
    return profile(b"mntr", b"GRAY", b"XYZ ", f"gray {exponent}", {"kTRC": gamma_curve(exponent)})


def cmyk(grid=3):
    """A printer with pale inks: a table from CMYK to CIELAB of `grid` steps for each ink."""
    steps = np.stack(np.meshgrid(*[np.linspace(0, 1, grid)] * 4, indexing="ij"), -1).reshape(-1, 4)
    light = (1 - 0.85 * steps[:, :3]) * (1 - 0.9 * steps[:, 3:])
    to_xyz = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
    f = np.cbrt(light**2.2 @ to_xyz.T / D50)
    lab = np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], -1)
    table = np.round(np.stack([lab[:, 0] * 652.8, (lab[:, 1] + 128) * 256, (lab[:, 2] + 128) * 256], -1))
    identity = b"".join(fixed(value) for value in np.eye(3).reshape(-1))
    ramp = struct.pack(">HH", 0, 65535)
    lut = struct.pack(">4sIBBBB", b"mft2", 0, 4, 3, grid, 0) + identity + struct.pack(">HH", 2, 2)
    lut += ramp * 4 + np.clip(table, 0, 65535).astype(">u2").tobytes() + ramp * 3
    return profile(b"prtr", b"CMYK", b"Lab ", "pale inks", {"A2B0": lut})
