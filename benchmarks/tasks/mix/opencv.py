"""SaliencyMix as the paper has it, out of OpenCV and NumPy: every source's own saliency, its patch pasted, one thread."""
NEEDS = {"cv2": "python3-opencv", "numpy": "python3-numpy"}

import math

import cv2
import numpy as np

cv2.setNumThreads(1)


def describe():
    return {"name": "OpenCV", "versions": {"opencv": cv2.__version__}, "variants": [{"threads": 1}]}


def start_inside(at, cut, length):
    return min(max(at - cut // 2, 0), length - cut)


class SaliencyMix:
    def __init__(self, job):
        self.images = np.memmap(job["input"]["file"], np.uint8, "r", shape=tuple(job["input"]["shape"]))
        self.detector = cv2.saliency.StaticSaliencyFineGrained_create()
        self.random = np.random.default_rng(1)
        self.classes = np.eye(job["classes"], dtype=np.float32)
        self.labels = np.arange(job["images"]) % job["classes"]
        self.planes = job["output"]["layout"] == "NCHW"
        mean, std = (np.array(job["normalise"][name], np.float32) for name in ("mean", "std"))
        self.offset, self.scale = 255 * mean, 1 / (255 * std)

    def peak(self, image):
        done, saliency = self.detector.computeSaliency(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        if not done:
            raise RuntimeError("computeSaliency failed")
        col, row = cv2.minMaxLoc(saliency)[3]
        return row, col

    def convert(self, mixed):
        if not self.planes:
            return mixed
        normalised = (mixed.astype(np.float32) - self.offset) * self.scale
        return np.ascontiguousarray(normalised.transpose(0, 3, 1, 2))

    def mix(self, number, sources, sides):
        """`sides`: rows and columns of each patch."""
        images = self.images[number % len(self.images)]
        height, width = images.shape[1:3]
        mixed = images.copy()
        shares = np.empty((len(images), 1), np.float32)
        for i, (source, (rows, cols)) in enumerate(zip(sources, sides)):
            row, col = self.peak(images[source])
            top, left = start_inside(row, rows, height), start_inside(col, cols, width)
            patch = np.s_[top : top + rows, left : left + cols]
            mixed[i][patch] = images[source][patch]
            shares[i] = 1 - rows * cols / (height * width)
        labels = shares * self.classes[self.labels] + (1 - shares) * self.classes[self.labels[sources]]
        return self.convert(mixed), labels

    def run(self, number):
        _, count, height, width, _ = self.images.shape
        cuts = np.sqrt(1 - self.random.random(count))
        sides = [(math.floor(height * cut), math.floor(width * cut)) for cut in cuts]
        return self.mix(number, self.random.permutation(count), sides)

    def result(self, drawn):
        """The reference's sources and patch sizes; the places are found here."""
        samples = drawn["plan"]["samples"]
        sides = [(s["to"]["bottom"] - s["to"]["top"], s["to"]["right"] - s["to"]["left"]) for s in samples]
        images, labels = self.mix(0, [s["source"] for s in samples], sides)
        return {"arrays": {"images": images, "labels": labels.astype(np.float32)}}


def prepare(job, variant):
    if job["method"] != "saliencymix":
        return {"skip": "has no saliency"}
    return SaliencyMix(job)
