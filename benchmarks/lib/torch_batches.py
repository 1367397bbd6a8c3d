"""What the PyTorch rivals share: batches as a training loop has them, soft labels, one thread.

A rival draws one lambda and one box (or none) for the whole batch. In the task "mix" its batches are float32 tensors,
normalised before the clock starts; in "convert" they are uint8 images, and getting them ready is part of the work.
"""
import numpy as np
import torch

torch.set_num_threads(1)


def describe(name):
    return {"name": name, "versions": {"torch": torch.__version__}, "variants": [{"threads": 1}]}


def seed(number):
    torch.manual_seed(number)
    np.random.seed(number)


class TorchMix:
    """`step(images, labels)` gives (images, labels, pairs, box, lambda); it may change the images, as timm does."""

    def __init__(self, job, step):
        shape = tuple(job["input"]["shape"])
        self.bytes = np.memmap(job["input"]["file"], np.uint8, "r", shape=shape)
        self.mean, self.std = (
            torch.tensor(job["normalise"][name]).view(1, 3, 1, 1) for name in ("mean", "std")
        )
        self.step = step
        self.classes = job["classes"]
        self.labels = torch.arange(job["images"]) % job["classes"]
        self.ready = None
        if job["output"]["dtype"] == "uint8":
            # A quarter of the batches: as many bytes as the uint8 contenders go through.
            count = max(2, shape[0] // 4)
            self.ready = [self.normalise(i) for i in range(count)]
        seed(1)

    def normalise(self, number):
        images = torch.from_numpy(np.array(self.bytes[number % len(self.bytes)]))
        planes = images.permute(0, 3, 1, 2).contiguous().float()
        return planes.div_(255).sub_(self.mean).div_(self.std)

    def batch(self, number):
        return self.normalise(number) if self.ready is None else self.ready[number % len(self.ready)]

    def run(self, number):
        return self.step(self.batch(number), self.one_hot())

    def one_hot(self):
        return torch.nn.functional.one_hot(self.labels, self.classes).float()

    def result(self, drawn):
        images, labels, pairs, box, share = self.step(self.normalise(0), self.one_hot())
        facts = {"pairs": pairs, "box": box, "lambda": share}
        return {"arrays": {"images": images.numpy(), "labels": labels.numpy()}, "facts": facts}


def clipped_box(height, width, share, row, col):
    """Box around (row, col) over 1 − share of the image, cut off at the border; and what of the image really survives."""
    cut = (1 - share) ** 0.5
    half_rows, half_cols = int(height * cut) // 2, int(width * cut) // 2
    top, bottom = max(row - half_rows, 0), min(row + half_rows, height)
    left, right = max(col - half_cols, 0), min(col + half_cols, width)
    return [top, left, bottom, right], 1 - (bottom - top) * (right - left) / (height * width)
