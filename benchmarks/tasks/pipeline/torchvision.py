"""torchvision's DataLoader with two workers on the same files: decode, resize, normalise, collate; nothing is mixed."""
NEEDS = {"torch": "python3-torch", "torchvision": "python3-torchvision", "PIL": "python3-pil"}

import glob
import io
import json
import os
import tarfile

import numpy as np
import torch
import torchvision
from PIL import Image
from torchvision import transforms

WORKERS = 2


def describe():
    versions = {"torch": torch.__version__, "torchvision": torchvision.__version__}
    return {"name": "torchvision", "versions": versions, "variants": [{"threads": WORKERS}]}


class Files(torch.utils.data.Dataset):
    """The images of a folder or a .tar that `listed` names, in its order; each worker opens the archive for itself."""

    def __init__(self, path, listed, transform):
        with open(listed, encoding="utf-8") as file:
            items = json.load(file)
        self.path, self.transform, self.archive = path, transform, None
        self.labels = [item["label"] for item in items]
        self.names = [item["id"] for item in items]
        self.places = None
        if os.path.isfile(path):
            with tarfile.open(path) as archive:
                self.places = {m.name.removeprefix("./"): (m.offset_data, m.size) for m in archive if m.isfile()}

    def __len__(self):
        return len(self.names)

    def bytes(self, name):
        if self.places is None:
            with open(os.path.join(self.path, name), "rb") as file:
                return file.read()
        self.archive = self.archive or open(self.path, "rb")
        offset, size = self.places[name]
        self.archive.seek(offset)
        return self.archive.read(size)

    def __getitem__(self, index):
        image = Image.open(io.BytesIO(self.bytes(self.names[index]))).convert("RGB")
        return self.transform(image), self.labels[index]


class Cifar(torch.utils.data.Dataset):
    """CIFAR-10's binary files in memory, as torchvision holds its own form of them."""

    def __init__(self, folder, transform):
        files = sorted(glob.glob(os.path.join(folder, "data_batch_*.bin")))
        records = np.concatenate([np.fromfile(file, np.uint8).reshape(-1, 3073) for file in files])
        self.labels = records[:, 0].astype(int)
        self.images = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1).copy()
        self.transform = transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.transform(Image.fromarray(self.images[index])), self.labels[index]


def open_dataset(job):
    as_tensor = [transforms.ToTensor(), transforms.Normalize(**job["normalise"])]
    resize = [transforms.Resize(job["size"]), transforms.CenterCrop(job["size"])]
    if job["kind"] == "cifar":
        return Cifar(job["path"], transforms.Compose(as_tensor))
    return Files(job["path"], job["listed"], transforms.Compose(resize + as_tensor))


class Epochs:
    def __init__(self, job):
        torch.set_num_threads(1)
        self.dataset = open_dataset(job)
        self.batch = job["batch"]
        self.loader = self.load(shuffle=True)

    def load(self, shuffle):
        # Persistent workers: starting them is paid once, before the clock runs.
        return torch.utils.data.DataLoader(
            self.dataset, self.batch, shuffle=shuffle, num_workers=WORKERS, persistent_workers=shuffle
        )

    def run(self, number):
        return sum(len(images) for images, _ in self.loader)

    def result(self, drawn):
        count = self.run(0)
        images, _ = next(iter(self.load(shuffle=False)))
        return {"arrays": {"images": images.numpy()}, "facts": {"count": count}}


def prepare(job, variant):
    if job["inShards"]:
        return {"skip": "reads a folder of images or one archive"}
    return Epochs(job)
