"""Pillow, image by image: what torchvision makes of it for AutoAugment."""
NEEDS = {"PIL": "python3-pil", "numpy": "python3-numpy"}

import numpy as np
import PIL
from PIL import Image, ImageEnhance, ImageOps


def describe():
    return {"name": "Pillow", "versions": {"pillow": PIL.__version__}, "variants": [{"threads": 1}]}


def moved(image, *matrix):
    return image.transform(image.size, Image.AFFINE, matrix, Image.NEAREST, fillcolor=(0, 0, 0))


OPERATIONS = {
    "ShearX": lambda image, m: moved(image, 1, m, 0, 0, 1, 0),
    "ShearY": lambda image, m: moved(image, 1, 0, 0, m, 1, 0),
    "TranslateX": lambda image, m: moved(image, 1, 0, -int(m), 0, 1, 0),
    "Rotate": lambda image, m: image.rotate(m, Image.NEAREST, fillcolor=(0, 0, 0)),
    "Brightness": lambda image, m: ImageEnhance.Brightness(image).enhance(1.0 + m),
    "Color": lambda image, m: ImageEnhance.Color(image).enhance(1.0 + m),
    "Contrast": lambda image, m: ImageEnhance.Contrast(image).enhance(1.0 + m),
    "Sharpness": lambda image, m: ImageEnhance.Sharpness(image).enhance(1.0 + m),
    "Posterize": lambda image, m: ImageOps.posterize(image, int(m)),
    "Solarize": lambda image, m: ImageOps.solarize(image, m),
    "AutoContrast": lambda image, m: ImageOps.autocontrast(image),
    "Equalize": lambda image, m: ImageOps.equalize(image),
    "Invert": lambda image, m: ImageOps.invert(image),
}


class Operation:
    def __init__(self, job):
        pixels = np.memmap(job["input"]["file"], np.uint8, "r", shape=tuple(job["input"]["shape"]))
        # Not timed: a program around Pillow has its images that way.
        self.batches = [[Image.fromarray(image) for image in batch] for batch in pixels]
        self.apply = OPERATIONS[job["operation"]]
        self.magnitude = job["magnitude"]

    def run(self, number):
        return [self.apply(image, self.magnitude) for image in self.batches[number % len(self.batches)]]

    def result(self, drawn):
        return {"arrays": {"images": np.stack([np.asarray(image) for image in self.run(0)])}}


def prepare(job, variant):
    return Operation(job)
