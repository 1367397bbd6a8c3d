"""OpenCV, one thread, image by image: two of its own saliency methods, and frequency tuned made of its operations."""
NEEDS = {"cv2": "python3-opencv", "numpy": "python3-numpy"}

import cv2
import numpy as np

cv2.setNumThreads(1)


def describe():
    return {"name": "OpenCV", "versions": {"opencv": cv2.__version__}, "variants": [{"threads": 1}]}


def detector(create):
    found = create()

    def compute(image):
        done, saliency = found.computeSaliency(image)
        if not done:
            raise RuntimeError("computeSaliency failed")
        return saliency

    return compute


# Binomial weights; the mean is taken of the unblurred Lab (Achanta et al. 2009).
BINOMIAL = np.array([1, 4, 6, 4, 1], np.float32) / 16


def frequency_tuned(image):
    lab = cv2.cvtColor(image.astype(np.float32) * np.float32(1 / 255), cv2.COLOR_BGR2Lab)
    blurred = cv2.sepFilter2D(lab, -1, BINOMIAL, BINOMIAL, borderType=cv2.BORDER_REFLECT_101)
    difference = cv2.subtract(blurred, cv2.mean(lab))
    return cv2.sqrt(cv2.transform(cv2.multiply(difference, difference), np.ones((1, 3), np.float32)))


METHODS = {
    "fine-grained": lambda: detector(cv2.saliency.StaticSaliencyFineGrained_create),
    "spectral-residual": lambda: detector(cv2.saliency.StaticSaliencySpectralResidual_create),
    "frequency-tuned": lambda: frequency_tuned,
}


class Saliency:
    def __init__(self, job):
        rgb = np.memmap(job["input"]["file"], np.uint8, "r", shape=tuple(job["input"]["shape"]))
        # OpenCV wants blue first. Not timed: a program around OpenCV would have its images that way.
        self.batches = np.ascontiguousarray(rgb[..., ::-1])
        self.compute = METHODS[job["method"]]()

    def run(self, number):
        found = []
        for image in self.batches[number % len(self.batches)]:
            saliency = self.compute(image)
            low, high, low_at, high_at = cv2.minMaxLoc(saliency)
            found.append((saliency, high_at))
        return found

    def result(self, drawn):
        found = self.run(0)
        maps = np.stack([saliency for saliency, _ in found]).astype(np.float32)
        peaks = np.array([[row, col] for _, (col, row) in found], np.int32)
        return {"arrays": {"maps": maps, "peaks": peaks}}


def prepare(job, variant):
    return Saliency(job)
