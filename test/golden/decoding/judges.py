"""The decoders that are asked: each gives a file's RGB pixels, uint8, over white where it is transparent."""

import io

import numpy as np
from PIL import Image, ImageCms, ImageOps

SRGB = ImageCms.createProfile("sRGB")


def flattened(image):
    """Over white."""
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image.convert("RGBA"))
    return white.convert("RGB")


def pillow(data):
    image = Image.open(io.BytesIO(data))
    icc = image.info.get("icc_profile")
    image.load()  # which turns a TIFF already
    if image.format != "TIFF":
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16-bit gray: the high byte, as for 16-bit colour
        image = Image.fromarray((np.array(image).astype(np.uint32) >> 8).astype(np.uint8))
    if image.mode == "LAB":
        image = ImageCms.profileToProfile(image, ImageCms.createProfile("LAB"), SRGB, outputMode="RGB")
    has_alpha = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    if icc:
        image = converted(image, icc)
    return np.array(flattened(image) if has_alpha else image.convert("RGB"))


def converted(image, icc):
    """Through Little CMS to sRGB; transparency stays."""
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    if alpha:
        image = image.convert(image.mode[:-1])
    elif image.mode == "RGBX":
        image = image.convert("RGB")
    profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
    if profile.profile.xcolor_space == "GRAY":
        image = image.convert("L")
    image = ImageCms.profileToProfile(image, profile, SRGB, outputMode="RGB")
    if alpha:
        image.putalpha(alpha)
    return image


def libavif(data, icc, bits):
    from imagecodecs import avif_decode

    pixels = (avif_decode(data).astype(np.uint16) >> (bits - 8)).astype(np.uint8)
    image = Image.fromarray(pixels)
    if icc:
        image = converted(image, icc)
    return np.array(flattened(image) if image.mode == "RGBA" else image)
