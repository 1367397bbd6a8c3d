"""CutMix and Mixup in the way of torchvision's transforms: each image with its neighbour, into a new batch."""
NEEDS = {"torch": "python3-torch", "numpy": "python3-numpy"}

import torch
import torch_batches


def describe():
    return torch_batches.describe("torchvision")


def draw_share():
    return float(torch._sample_dirichlet(torch.tensor([1.0, 1.0]))[0])


def blend_labels(labels, share):
    return labels.roll(1, 0).mul_(1 - share).add_(labels.mul(share))


def neighbours(images):
    return [(i - 1) % len(images) for i in range(len(images))]


def cutmix(images, labels):
    height, width = images.shape[2:]
    row, col = int(torch.randint(height, ())), int(torch.randint(width, ()))
    box, share = torch_batches.clipped_box(height, width, draw_share(), row, col)
    top, left, bottom, right = box
    partner = images.roll(1, 0)
    mixed = images.clone()
    mixed[..., top:bottom, left:right] = partner[..., top:bottom, left:right]
    return mixed, blend_labels(labels, share), neighbours(images), box, share


def mixup(images, labels):
    share = draw_share()
    mixed = images.roll(1, 0).mul_(1 - share).add_(images.mul(share))
    return mixed, blend_labels(labels, share), neighbours(images), None, share


STEPS = {"cutmix": cutmix, "mixup": mixup}


def prepare(job, variant):
    step = STEPS.get(job["method"])
    return torch_batches.TorchMix(job, step) if step else {"skip": "has no saliency"}
