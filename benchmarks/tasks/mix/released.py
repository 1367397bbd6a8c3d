"""The SaliencyMix step as its authors released it, written anew from its description.

It takes the saliency of one image of the batch, from normalised float32 pixels, which OpenCV's detector reads byte by
byte; one lambda and one box, cut off at the border, serve all images. Much less work than a saliency per source, and
another result: see the README's table.
"""
NEEDS = {"torch": "python3-torch", "cv2": "python3-opencv", "numpy": "python3-numpy"}

import cv2
import numpy as np
import torch
import torch_batches

cv2.setNumThreads(1)


def describe():
    return torch_batches.describe("released SaliencyMix")


def peak(image):
    """Of a normalised C × H × W tensor."""
    pixels = np.ascontiguousarray(image.permute(1, 2, 0).numpy())
    _, saliency = cv2.saliency.StaticSaliencyFineGrained_create().computeSaliency(pixels)
    bytes_ = (saliency * 255).astype(np.uint8)
    return np.unravel_index(np.argmax(bytes_), bytes_.shape)


def saliencymix(images, labels):
    height, width = images.shape[2:]
    share = float(np.random.beta(1, 1))
    order = torch.randperm(len(images))
    row, col = (int(v) for v in peak(images[order[0]]))
    box, share = torch_batches.clipped_box(height, width, share, row, col)
    top, left, bottom, right = box
    images[:, :, top:bottom, left:right] = images[order, :, top:bottom, left:right]
    mixed_labels = labels * share + labels[order] * (1 - share)
    return images, mixed_labels, order.tolist(), box, share


def prepare(job, variant):
    if job["method"] != "saliencymix":
        return {"skip": "is SaliencyMix"}
    return torch_batches.TorchMix(job, saliencymix)
