"""CutMix and Mixup in the way of timm: the batch is mixed in place with itself in reverse order, for a batch at once."""
NEEDS = {"torch": "python3-torch", "numpy": "python3-numpy"}

import numpy as np
import torch_batches


def describe():
    return torch_batches.describe("timm")


def blend_labels(labels, share):
    return labels * share + labels.flip(0) * (1 - share)


def reversed_pairs(images):
    return list(range(len(images)))[::-1]


def cutmix(images, labels):
    height, width = images.shape[2:]
    share = float(np.random.beta(1, 1))
    row, col = int(np.random.randint(height)), int(np.random.randint(width))
    box, share = torch_batches.clipped_box(height, width, share, row, col)
    top, left, bottom, right = box
    images[:, :, top:bottom, left:right] = images.flip(0)[:, :, top:bottom, left:right]
    return images, blend_labels(labels, share), reversed_pairs(images), box, share


def mixup(images, labels):
    share = float(np.random.beta(1, 1))
    partner = images.flip(0).mul_(1 - share)
    images.mul_(share).add_(partner)
    return images, blend_labels(labels, share), reversed_pairs(images), None, share


STEPS = {"cutmix": cutmix, "mixup": mixup}


def prepare(job, variant):
    step = STEPS.get(job["method"])
    return torch_batches.TorchMix(job, step) if step else {"skip": "has no saliency"}
