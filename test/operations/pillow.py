"""What Pillow gives for operations on images: the calls that torchvision makes of it.

python3 pillow.py JOBS PIXELS OUT
JOBS is JSON, [{"operation", "magnitude", "height", "width", "channels", "fill"}]; their images follow one another in PIXELS.
"""
import json
import sys

from PIL import Image, ImageEnhance, ImageOps


def moved(image, matrix, fill):
    return image.transform(image.size, Image.AFFINE, matrix, Image.NEAREST, fillcolor=fill)


def enhanced(kind):
    return lambda image, m, fill: kind(image).enhance(1.0 + m)


OPERATIONS = {
    "Identity": lambda image, m, fill: image,
    "ShearX": lambda image, m, fill: moved(image, (1, m, 0, 0, 1, 0), fill),
    "ShearY": lambda image, m, fill: moved(image, (1, 0, 0, m, 1, 0), fill),
    "TranslateX": lambda image, m, fill: moved(image, (1, 0, -int(m), 0, 1, 0), fill),
    "TranslateY": lambda image, m, fill: moved(image, (1, 0, 0, 0, 1, -int(m)), fill),
    "Rotate": lambda image, m, fill: image.rotate(m, Image.NEAREST, fillcolor=fill),
    "Brightness": enhanced(ImageEnhance.Brightness),
    "Color": enhanced(ImageEnhance.Color),
    "Contrast": enhanced(ImageEnhance.Contrast),
    "Sharpness": enhanced(ImageEnhance.Sharpness),
    "Posterize": lambda image, m, fill: ImageOps.posterize(image, int(m)),
    "Solarize": lambda image, m, fill: ImageOps.solarize(image, m),
    "AutoContrast": lambda image, m, fill: ImageOps.autocontrast(image),
    "Equalize": lambda image, m, fill: ImageOps.equalize(image),
    "Invert": lambda image, m, fill: ImageOps.invert(image),
}


def main(jobs, pixels, out):
    with open(jobs, encoding="utf-8") as file:
        listed = json.load(file)
    with open(pixels, "rb") as source, open(out, "wb") as result:
        for job in listed:
            height, width, channels = job["height"], job["width"], job["channels"]
            mode = "RGB" if channels == 3 else "L"
            image = Image.frombytes(mode, (width, height), source.read(height * width * channels))
            fill = tuple(job["fill"]) if channels == 3 else job["fill"][0]
            result.write(OPERATIONS[job["operation"]](image, job["magnitude"], fill).tobytes())


main(*sys.argv[1:])
