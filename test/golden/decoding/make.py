#!/usr/bin/python3
"""
Makes the files of odd formats in files/ and, in expected.json, the pixels that other decoders give for them:
Pillow, with Little CMS for colour profiles (perceptual intent, to sRGB), and libavif.

    apt install python3-pil
    python3 -m venv --system-site-packages judges && judges/bin/pip install opencv-python-headless imagecodecs
    npm ci && judges/bin/python test/golden/decoding/make.py

The pictures are drawn here. None of the decoders that are asked is the one in use (libvips), which only writes the AVIF
files; OpenCV writes a JPEG with restart markers.
"""

import io
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import PIL
from PIL import Image, ImageCms, features

import profiles
from files import chunk, png, tiff
from judges import libavif, pillow

HERE = Path(__file__).parent
cases = {}


# Pictures


def patches(bits=8):
    """7 × 9 of primaries, grays and mixtures; at more than 8 bits the low bits differ from pixel to pixel."""
    levels = [0, 255, 128, 64, 200, 20, 240]
    picture = [
        [levels[(r * i + c * j) % 7] for i, j in ((1, 2), (3, 1), (2, 5))] for r in range(7) for c in range(9)
    ]
    picture[:8] = [
        [0, 0, 0],
        [255, 255, 255],
        [255, 0, 0],
        [0, 255, 0],
        [0, 0, 255],
        [255, 255, 0],
        [40, 40, 40],
        [130, 130, 130],
    ]
    pixels = np.array(picture).reshape(7, 9, 3)
    if bits == 8:
        return pixels.astype(np.uint8)
    low = (np.arange(pixels.size).reshape(pixels.shape) * 37) % (1 << (bits - 8))
    return (
        (pixels << (bits - 8)) + np.where(pixels == 255, (1 << (bits - 8)) - 1, np.where(pixels == 0, 0, low))
    ).astype(np.uint16)


def photo(height=22, width=30):
    """Smooth, as a JPEG likes it, and different at every corner."""
    r, c = np.mgrid[0:height, 0:width] / np.array([[[height]], [[width]]])
    return np.round(
        np.stack([30 + 200 * r, 40 + 190 * c, 220 - 150 * r * c - 40 * np.sin(6 * c)], -1)
    ).astype(np.uint8)


def alpha_of(height, width):
    return (np.add.outer(np.arange(height) * 40, np.arange(width) * 30) % 256).astype(np.uint8)


def exif_of(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def entry(name, data, pixels, judge, tolerance, step=1):
    """Keeps a case: every `step`-th pixel of every `step`-th row, as hexadecimal RGB."""
    (HERE / "files" / name).write_bytes(data)
    rows = [" ".join(bytes(pixel).hex() for pixel in row[::step].tolist()) for row in pixels[::step]]
    size = list(pixels.shape[:2])
    cases[name] = {
        "judge": judge,
        "size": size,
        "tolerance": tolerance,
        **({"step": step} if step > 1 else {}),
        "rows": rows,
    }


def refused(name, data, words):
    """Keeps a file that must not be decoded, and what is said of it."""
    (HERE / "files" / name).write_bytes(data)
    cases[name] = {"refused": words}


def by_pillow(name, data, tolerance=0, step=1):
    """A profile is Little CMS's, which rounds by itself: one more."""
    judge = "Pillow and Little CMS" if "icc_profile" in Image.open(io.BytesIO(data)).info else "Pillow"
    entry(name, data, pillow(data), judge, tolerance, step)


# Formats


def pngs():
    deep, flat, gray = patches(16), patches(), photo(7, 9)[:, :, :1]
    alpha = alpha_of(7, 9)[:, :, None]
    for name in ("srgb", "adobe", "p3"):
        icc = profiles.rgb(name)
        by_pillow(f"rgb8-{name}.png", png(flat, icc=icc), 1)
        by_pillow(f"rgb16-{name}.png", png(deep, 16, icc=icc), 1)
        by_pillow(f"rgba16-{name}.png", png(np.dstack([deep, alpha.astype(np.uint16) * 257]), 16, icc=icc), 2)
    by_pillow("rgb16.png", png(deep, 16))
    by_pillow("rgba16.png", png(np.dstack([deep, alpha.astype(np.uint16) * 257]), 16), 1)
    by_pillow("rgb16-interlaced.png", png(deep, 16, interlaced=True))
    by_pillow("gray8-gamma18.png", png(gray, icc=profiles.gray(1.8)), 1)
    by_pillow("gray16.png", png(gray.astype(np.uint16) * 256 + 99, 16))
    by_pillow("gray16-gamma18.png", png(gray.astype(np.uint16) * 256 + 99, 16, icc=profiles.gray(1.8)), 1)
    deep_gray = np.dstack([gray.astype(np.uint16) * 256 + 99, alpha.astype(np.uint16) * 257])
    by_pillow("gray16-alpha-gamma18.png", png(deep_gray, 16, icc=profiles.gray(1.8)), 2)
    by_pillow("gray8-alpha.png", png(np.dstack([gray, alpha])), 1)
    by_pillow(
        "gray8-wrong-profile.png", png(gray, icc=None, extra=chunk(b"gAMA", (45455).to_bytes(4, "big")))
    )
    for number in (3, 6):
        by_pillow(f"rgb8-turned-{number}.png", png(flat, extra=chunk(b"eXIf", exif_of(number)[6:])))
    by_pillow("rgb8-interlaced.png", png(flat, interlaced=True))
    by_pillow("rgb8-colour-key.png", png(flat, transparent=bytes([0, 255, 0, 0, 0, 0])))
    for depth in (1, 2, 4, 8):
        numbers = (np.arange(63).reshape(7, 9, 1) * 5) % (1 << depth)
        colours = [
            [(37 * i) % 256, (91 * i + 40) % 256, (200 - 53 * i) % 256] for i in range(min(1 << depth, 60))
        ]
        numbers = numbers % len(colours)
        by_pillow(f"palette{depth}.png", png(numbers, depth, colours))
        see_through = bytes([0, 128, 255][: min(3, len(colours))])
        by_pillow(f"palette{depth}-transparent.png", png(numbers, depth, colours, see_through), 1)
        if depth < 8:
            by_pillow(f"gray{depth}.png", png(numbers, depth))
    by_pillow("palette4-interlaced.png", png(numbers % 16, 4, colours[:16], interlaced=True))
    by_pillow("palette8-adobe.png", png(numbers, 8, colours, icc=profiles.rgb("adobe")), 1)


def tiffs():
    deep, flat, gray = patches(16), patches(), photo(7, 9)[:, :, :1]
    fourth = alpha_of(7, 9)[:, :, None]
    RGB, BLACK, WHITE, PALETTE, CMYK, LAB = 2, 1, 0, 3, 5, 8
    for name in ("srgb", "adobe", "p3"):
        by_pillow(f"rgb16-{name}.tif", tiff(deep, RGB, 16, icc=profiles.rgb(name)), 1)
    by_pillow("rgb8-adobe.tif", tiff(flat, RGB, icc=profiles.rgb("adobe")), 1)
    by_pillow("rgb16.tif", tiff(deep, RGB, 16))
    by_pillow("rgb16-big-endian.tif", tiff(deep, RGB, 16, ">"))
    by_pillow("rgb8-big-endian.tif", tiff(flat, RGB, order=">"))
    by_pillow("rgb8-planes.tif", tiff(flat, RGB, planar=True))
    by_pillow("rgb8-bigtiff.tif", tiff(flat, RGB, big=True))
    by_pillow("rgb8-tiles.tif", tiff(photo(), RGB, tile=16), 0, 3)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits"):
        out = io.BytesIO()
        Image.fromarray(photo()).save(out, "TIFF", compression=compression)
        by_pillow(f"rgb8-{compression.removeprefix('tiff_').replace('_', '-')}.tif", out.getvalue(), 0, 3)
    out = io.BytesIO()
    Image.fromarray(photo()).save(out, "TIFF", compression="tiff_lzw", tiffinfo={317: 2})
    by_pillow("rgb8-lzw-predictor.tif", out.getvalue(), 0, 3)
    bits = (gray > 128).astype(np.uint8)
    by_pillow("bits-black-is-zero.tif", tiff(bits, BLACK, 1))
    by_pillow("bits-white-is-zero.tif", tiff(bits, WHITE, 1))
    by_pillow("gray8-white-is-zero.tif", tiff(gray, WHITE))
    by_pillow("gray4.tif", tiff(gray >> 4, BLACK, 4))
    by_pillow("gray16.tif", tiff(gray.astype(np.uint16) * 256 + 99, BLACK, 16))
    colour_map = [(i * f) % 65536 for f in (1000, 7001, 13003) for i in range(256)]
    by_pillow("palette8.tif", tiff(gray, PALETTE, colour_map=colour_map))
    inks = np.dstack([255 - flat, fourth // 3])
    deep_inks = inks.astype(np.uint16) * 257
    entry(
        "cmyk16-profile.tif",
        tiff(deep_inks, CMYK, 16, icc=profiles.cmyk()),
        pillow(tiff(inks, CMYK, icc=profiles.cmyk())),
        "Pillow and Little CMS, of 8 bits",
        2,
    )
    spot = tiff(np.dstack([inks, fourth]), CMYK, extras=[0], icc=profiles.cmyk())
    entry(
        "cmyk8-and-another.tif",
        spot,
        pillow(tiff(inks, CMYK, icc=profiles.cmyk())),
        "Pillow and Little CMS, without it",
        2,
    )
    by_pillow("cmyk8-profile.tif", tiff(inks, CMYK, icc=profiles.cmyk(), ink_set=1), 2)
    muted = (flat[:, :, :2] // 12).astype(np.int8) - 10
    lightness = 90 + gray // 2  # within what sRGB can show, at whose edges decoders differ
    lab = np.dstack([lightness, muted.view(np.uint8)])
    lab16 = np.dstack([lightness.astype(np.uint16) * 257, muted.astype(np.int16).view(np.uint16) << 8])
    entry("lab16.tif", tiff(lab16, LAB, 16), pillow(tiff(lab, LAB)), "Pillow and Little CMS, of 8 bits", 3)
    refused("lab8.tif", tiff(lab, LAB), "is CIELAB of 8 bits")
    refused("icc-lab8.tif", tiff(lab, 9), "has pixels of a kind (photometric interpretation 9)")
    for name, bands in (("rgb-and-two", [flat, flat[:, :, :2]]), ("thirteen", [flat] * 4 + [gray])):
        pixels = np.dstack(bands)
        for photometric, planar in ((RGB, False), (BLACK, True)):
            extras = [0] * (pixels.shape[2] - (3 if photometric == RGB else 1))
            made = tiff(pixels, photometric, planar=planar, extras=extras)
            refused(f"{name}-{'planes' if planar else 'pixels'}.tif", made, f"has {pixels.shape[2]} bands")
    refused(
        "four-called-gray.tif",
        tiff(np.dstack([flat, fourth]), BLACK, extras=[0, 0, 0]),
        "has 4 samples per pixel, but calls itself gray",
    )
    refused(
        "palette-and-another.tif",
        tiff(np.dstack([gray, gray]), PALETTE, extras=[0], colour_map=colour_map),
        "has 2 samples per pixel, but calls itself palette",
    )
    refused(
        "float-rgb.tif",
        tiff((flat / 255).astype(np.float32), RGB, 32, sample_format=[3, 3, 3]),
        "holds floating-point numbers of 32 bits",
    )
    refused(
        "float-gray-big-endian.tif",
        tiff((gray / 255).astype(np.float32), BLACK, 32, ">", sample_format=3),
        "holds floating-point numbers of 32 bits",
    )
    refused(
        "signed16.tif",
        tiff(gray.astype(np.uint16) * 100, BLACK, 16, sample_format=2),
        "holds signed integers of 16 bits",
    )
    refused("gray12.tif", tiff(gray, BLACK, 12), "has samples of 12 bits")
    refused("rgb4.tif", tiff(flat >> 4, RGB, 4), "has samples of 4 bits")
    for number in range(1, 9):
        by_pillow(f"rgb8-turned-{number}.tif", tiff(flat, RGB, orientation=number))
    # Extra samples: 0 is anything, 1 alpha that the colours are multiplied with already, 2 alpha.
    by_pillow("rgb8-and-infrared-bigtiff.tif", tiff(np.dstack([flat, fourth]), RGB, big=True, extras=[0]))
    by_pillow("rgb8-and-infrared-tiles.tif", tiff(np.dstack([flat, fourth]), RGB, tile=16, extras=[0]))
    by_pillow("rgb8-and-infrared.tif", tiff(np.dstack([flat, fourth]), RGB, extras=[0]))
    by_pillow("rgb8-and-infrared-planes.tif", tiff(np.dstack([flat, fourth]), RGB, planar=True, extras=[0]))
    by_pillow("rgb8-and-infrared-big-endian.tif", tiff(np.dstack([flat, fourth]), RGB, order=">", extras=[0]))
    by_pillow(
        "rgb16-and-infrared.tif", tiff(np.dstack([deep, fourth.astype(np.uint16) * 257]), RGB, 16, extras=[0])
    )
    with_profile = tiff(
        np.dstack([deep, fourth.astype(np.uint16) * 257]), RGB, 16, extras=[0], icc=profiles.rgb("adobe")
    )
    by_pillow("rgb16-and-infrared-adobe.tif", with_profile, 1)
    as_written = np.repeat(gray, 3, 2)
    entry(
        "gray8-and-another.tif",
        tiff(np.dstack([gray, fourth]), BLACK, extras=[0]),
        as_written,
        "the samples as written",
        0,
    )
    by_pillow("rgba8.tif", tiff(np.dstack([flat, fourth]), RGB, extras=[2]), 1)
    multiplied = (flat.astype(int) * fourth // 255).astype(np.uint8)
    by_pillow("rgba8-multiplied.tif", tiff(np.dstack([multiplied, fourth]), RGB, extras=[1]), 2)


def jpegs():
    picture = photo()
    image = Image.fromarray(picture)

    def jpeg(source=image, **options):
        out = io.BytesIO()
        source.save(out, "JPEG", **{"quality": 90, **options})
        return out.getvalue()

    by_pillow("420.jpg", jpeg(), 1, 3)
    by_pillow("444.jpg", jpeg(subsampling=0), 1, 3)
    by_pillow("progressive.jpg", jpeg(progressive=True), 1, 3)
    by_pillow("gray.jpg", jpeg(image.convert("L")), 1, 3)
    bgr = np.ascontiguousarray(picture[:, :, ::-1])
    restarts = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_RST_INTERVAL, 1])[1].tobytes()
    assert b"\xff\xd0" in restarts
    by_pillow("restarts.jpg", restarts, 1, 3)
    for name in ("srgb", "adobe", "p3"):
        by_pillow(f"{name}.jpg", jpeg(subsampling=0, icc_profile=profiles.rgb(name)), 2, 3)
    by_pillow("gray-gamma18.jpg", jpeg(image.convert("L"), icc_profile=profiles.gray(1.8)), 2, 3)
    by_pillow("cmyk-profile.jpg", jpeg(image.convert("CMYK"), icc_profile=profiles.cmyk()), 2, 3)
    for number in range(1, 9):
        by_pillow(f"turned-{number}.jpg", jpeg(exif=exif_of(number)), 1, 3)


def moving():
    frames = [Image.fromarray(np.roll(patches(), shift, 0)) for shift in (0, 2, 4)]

    def saved(kind, first=frames[0], **options):
        out = io.BytesIO()
        first.save(out, kind, **options)
        return out.getvalue()

    later = {"save_all": True, "append_images": frames[1:], "duration": 100}
    by_pillow("moving.gif", saved("GIF", **later))
    by_pillow("still.gif", saved("GIF"))
    numbers = Image.fromarray((np.arange(63).reshape(7, 9) % 12).astype(np.uint8), "P")
    numbers.putpalette([(i * 53) % 256 for i in range(36)])
    by_pillow("transparent.gif", saved("GIF", numbers, transparency=3))
    by_pillow("turned-6.webp", saved("WEBP", lossless=True, exif=exif_of(6)))
    by_pillow("moving.webp", saved("WEBP", lossless=True, **later))
    by_pillow("lossless.webp", saved("WEBP", lossless=True))
    by_pillow("lossless-adobe.webp", saved("WEBP", lossless=True, icc_profile=profiles.rgb("adobe")), 1)
    with_alpha = Image.fromarray(np.dstack([patches(), alpha_of(7, 9)]))
    by_pillow("alpha.webp", saved("WEBP", with_alpha, lossless=True, exact=True), 1)
    out = saved("WEBP", Image.fromarray(photo()), quality=85)
    by_pillow("lossy.webp", out, 2, 3)


def others():
    image = Image.fromarray(patches())

    def saved(kind, source=image):
        out = io.BytesIO()
        source.save(out, kind)
        return out.getvalue()

    from imagecodecs import jpegxl_encode, qoi_encode

    refused(
        "x.bmp", saved("BMP"), "is a BMP image, which this build does not decode; convert it to JPEG or PNG"
    )
    for kind, source in (("ppm", image), ("pgm", image.convert("L")), ("pbm", image.convert("1"))):
        refused(f"x.{kind}", saved("PPM", source), "is a PPM image, which")
    refused("x.jp2", saved("JPEG2000"), "is a JPEG 2000 image, which")
    refused("x.jxl", jpegxl_encode(patches()), "is a JPEG XL image, which")
    refused("boxes.jxl", jpegxl_encode(patches(), usecontainer=True), "is a JPEG XL image, which")
    refused("x.qoi", qoi_encode(patches()), "is a QOI image, which")
    refused("x.pcx", saved("PCX"), "is a PCX image, which")
    refused("x.ico", saved("ICO", image.resize((16, 16))), "is an icon image, which")


def avifs():
    for bits in (8, 10, 12):
        for name in (None, "srgb", "adobe", "p3"):
            icc = name and profiles.rgb(name)
            deep = patches(bits) if bits == 8 else patches(bits) << (16 - bits)
            file = avif(png(deep, 8 if bits == 8 else 16, icc=icc), bits)
            judge = "libavif and Little CMS" if icc else "libavif"
            entry(
                f"rgb{bits}{'-' + name if name else ''}.avif",
                file,
                libavif(file, icc, bits),
                judge,
                1 if icc else 0,
            )
    with_alpha = avif(png(np.dstack([patches(), alpha_of(7, 9)])), 8)
    entry("rgba8.avif", with_alpha, libavif(with_alpha, None, 8), "libavif", 1)
    p3 = profiles.rgb("p3")
    deep = np.dstack([patches(10) << 6, alpha_of(7, 9).astype(np.uint16) << 8])
    with_alpha = avif(png(deep, 16, icc=p3), 10)
    entry("rgba10-p3.avif", with_alpha, libavif(with_alpha, p3, 10), "libavif and Little CMS", 2)


def avif(source, bits):
    """Without loss, its profile kept."""
    space = "srgb" if bits == 8 else "rgb16"
    script = f"""
      const {{ buffer }} = require('node:stream/consumers');
      buffer(process.stdin)
        .then((file) => require('sharp')(file).keepIccProfile().toColourspace('{space}')
          .avif({{ bitdepth: {bits}, lossless: true, chromaSubsampling: '4:4:4' }}).toBuffer())
        .then((file) => process.stdout.write(file));"""
    return subprocess.run(
        ["node", "-e", script], input=source, stdout=subprocess.PIPE, check=True, cwd=HERE
    ).stdout


if __name__ == "__main__":
    (HERE / "files").mkdir(exist_ok=True)
    for make in (pngs, tiffs, jpegs, moving, avifs, others):
        make()
    versions = {
        "Pillow": PIL.__version__,
        "Little CMS": ImageCms.core.littlecms_version,
        "OpenCV": cv2.__version__,
        "libjpeg-turbo": features.version("jpg"),
        "libtiff": features.version("libtiff"),
        "libwebp": features.version("webp"),
    }
    from imagecodecs import avif_version

    versions["libavif"] = avif_version()
    text = json.dumps(
        {"command": "python3 test/golden/decoding/make.py", "versions": versions, "cases": cases}, indent=1
    )
    (HERE / "expected.json").write_text(text + "\n")
    sys.stdout.write(f"{len(cases)} cases\n")
