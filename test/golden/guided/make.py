"""Makes expected.json: maps, distances, pairs and label shares of GuidedMixup with spectral residual, by NumPy in float64.

python3 make.py    needs numpy

Written from the formulas at the head of native/core/guided/map.h, pairing.h and ratio.h. The images are made from a formula,
which is repeated in ../README.md, so that none is kept.
"""

import base64
import hashlib
import json
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
LARGEST = 128  # an image with a longer side is brought to LARGEST x LARGEST
EPSILON = 1e-10
VANISHING = 1e-6  # amplitudes that are rounding errors
ROUNDING = 1e-12  # as a share of the largest: values that are rounding errors

# name, (height, width, channels), the images' numbers, the rows of each map that are kept
BATCHES = [
    ("small", (32, 32, 3), range(6), range(32)),
    ("gray", (40, 24, 1), range(10, 13), range(40)),
    ("odd", (5, 7, 3), range(20, 24), range(5)),
    ("large", (150, 130, 3), range(30, 33), (0, 1, 74, 149)),
    ("wide", (20, 160, 1), range(40, 42), (0, 10, 19)),
]
FLAT = [0, 9, 255]  # images of 6 x 8 gray pixels of one value each


def mixed_bits(number):
    """A 32-bit number that looks random, from another one (lowbias32)."""
    x = np.asarray(number, dtype=np.uint64)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x = ((x ^ (x >> np.uint64(shift))) * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    return (x ^ (x >> np.uint64(16))).astype(np.int64)


def image_of(number, height, width, channels):
    """A slope that starts again at 0 where it reaches 128, a brighter disc, and noise."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(channels), indexing="ij")
    first = number << 20
    drawn = [int(mixed_bits(first + 0xF0000 + i)) for i in range(3)]
    middle_y = height // 4 + drawn[0] % (height // 2 + 1)
    middle_x = width // 4 + drawn[1] % (width // 2 + 1)
    radius = 1 + min(height, width) // 8 + drawn[2] % (min(height, width) // 8 + 1)
    slope = (x * (1 + number % 3) + 2 * y + 40 * c + 17 * number) % 128
    disc = np.where((y - middle_y) ** 2 + (x - middle_x) ** 2 <= radius**2, 100, 0)
    noise = mixed_bits(first + (y * width + x) * channels + c) % 16
    return (slope + disc + noise).astype(np.uint8)


def gray_of(image):
    if image.shape[2] == 1:
        return image[..., 0].astype(np.int64)
    return (image.astype(np.int64) @ np.array([9798, 19235, 3735]) + 16384) >> 15


def neighbours(source, result):
    """For each of `result` samples of an axis the two of `source` between which it lies, and the weight of the second."""
    at = (np.arange(result) + 0.5) * source / result - 0.5
    first = np.floor(at).astype(np.int64)
    weight = np.where((first < 0) | (first >= source - 1), 0.0, at - first)
    return np.clip(first, 0, source - 1), np.clip(first + 1, 0, source - 1), weight


def resized_bytes(gray, rows, cols):
    top, bottom, below = neighbours(gray.shape[0], rows)
    left, right, beside = neighbours(gray.shape[1], cols)
    below, beside = (np.rint(weight * 256).astype(np.int64) for weight in (below, beside))
    across = gray[:, left] * (256 - beside) + gray[:, right] * beside
    return (across[top] * (256 - below)[:, None] + across[bottom] * below[:, None] + 32768) >> 16


def resized(values, rows, cols):
    top, bottom, below = neighbours(values.shape[0], rows)
    left, right, beside = neighbours(values.shape[1], cols)
    across = values[:, left] * (1 - beside) + values[:, right] * beside
    return across[top] * (1 - below)[:, None] + across[bottom] * below[:, None]


def mirrored(index, length):
    """Reflect-101, as often as need be."""
    if length == 1:
        return np.zeros_like(index)
    period = 2 * (length - 1)
    return (length - 1) - np.abs((index % period) - (length - 1))


def blurred(values):
    """Gaussian of 7 x 7 weights, sigma 3."""
    weights = np.exp(-np.arange(-3, 4) ** 2 / 18.0)
    weights /= weights.sum()
    for axis in (0, 1):
        length = values.shape[axis]
        around = mirrored(np.arange(length)[:, None] + np.arange(-3, 4), length)
        values = np.moveaxis(np.moveaxis(values, axis, -1)[..., around] @ weights, -1, axis)
    return values


def residual_of(gray):
    """The size of the inverse transform of F exp(-mean of log |F|)."""
    spectrum = np.fft.fft2(gray.astype(np.float64))
    spectrum[np.abs(spectrum) < VANISHING] = 0
    amplitude = np.log(np.sqrt(np.abs(spectrum) ** 2 + EPSILON))
    padded = np.pad(amplitude, 1, mode="edge")
    height, width = gray.shape
    mean = sum(padded[y : y + height, x : x + width] for y in range(3) for x in range(3)) / 9
    size = np.abs(np.fft.ifft2(spectrum * np.exp(amplitude - mean) / np.exp(amplitude)))
    size[size < ROUNDING * size.max()] = 0
    return size


def map_of(image):
    height, width, _ = image.shape
    gray = gray_of(image)
    is_large = max(height, width) > LARGEST
    values = blurred(residual_of(resized_bytes(gray, LARGEST, LARGEST) if is_large else gray))
    values = blurred(resized(values, height, width) if is_large else values)
    total = values.sum()
    uniform = np.full((height, width), 1 / (height * width))
    return (values / total if total > 0 else uniform).astype(np.float32)


def distances_of(maps):
    flat = maps.reshape(len(maps), -1).astype(np.float64)
    return np.array([[np.sqrt(((a - b) ** 2).sum()) for b in flat] for a in flat])


def partners_of(distances):
    """One cycle through all images: from the first of the two that are farthest apart, always to the farthest one left."""
    count = len(distances)
    if count == 1:
        return [0]
    left = distances.copy()
    np.fill_diagonal(left, -1)
    first = int(np.argmax(left)) // count
    partners = [first] * count
    at = first
    for _ in range(count - 1):
        left[:, at] = -1
        partners[at] = int(np.argmax(left[at]))
        at = partners[at]
    return partners


def share_of(target, source):
    target, source = target.astype(np.float64), source.astype(np.float64)
    both = target + source
    return float(np.where(both > 0, target / np.where(both > 0, both, 1), 0.5).mean())


def expected_of(images, rows):
    maps = np.stack([map_of(image) for image in images])
    distances = distances_of(maps)
    partners = partners_of(distances)
    return {
        "count": len(images),
        "height": images[0].shape[0],
        "width": images[0].shape[1],
        "channels": images[0].shape[2],
        "pixelsSha256": hashlib.sha256(np.stack(images).tobytes()).hexdigest()[:16],
        "rows": list(rows),
        "maps": base64.b64encode(maps[:, list(rows)].astype("<f4").tobytes()).decode(),
        "largest": [float(one.max()) for one in maps],
        "distances": [float(distance) for distance in distances.ravel()],
        "partners": partners,
        "shares": [share_of(maps[i], maps[partner]) for i, partner in enumerate(partners)],
    }


def main():
    batches = {}
    for name, (height, width, channels), numbers, rows in BATCHES:
        images = [image_of(number, height, width, channels) for number in numbers]
        batches[name] = {"first": numbers[0], **expected_of(images, rows)}
    flat = [np.full((6, 8, 1), value, dtype=np.uint8) for value in FLAT]
    batches["flat"] = {"values": FLAT, **expected_of(flat, range(6))}
    (HERE / "expected.json").write_text(json.dumps({"numpy": np.__version__, "batches": batches}, indent=1) + "\n")


if __name__ == "__main__":
    main()
