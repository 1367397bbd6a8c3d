"""The package's networks in PyTorch, with the same names of parameters, which are torchvision's where it has the network."""
import json

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def conv(inputs, outputs, kernel, stride=1, bias=False):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=bias)


class Basic(nn.Module):
    expansion = 1

    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, width, 3, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3), nn.BatchNorm2d(width)
        self.downsample = projection(inputs, width, stride)

    def forward(self, x):
        branch = F.relu(self.bn1(self.conv1(x)), inplace=True)
        branch = self.bn2(self.conv2(branch))
        return F.relu(branch + self.downsample(x), inplace=True)


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, inputs, width, stride):
        super().__init__()
        outputs = self.expansion * width
        self.conv1, self.bn1 = conv(inputs, width, 1), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = conv(width, width, 3, stride), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = conv(width, outputs, 1), nn.BatchNorm2d(outputs)
        self.downsample = projection(inputs, outputs, stride)

    def forward(self, x):
        branch = F.relu(self.bn1(self.conv1(x)), inplace=True)
        branch = F.relu(self.bn2(self.conv2(branch)), inplace=True)
        branch = self.bn3(self.conv3(branch))
        return F.relu(branch + self.downsample(x), inplace=True)


def projection(inputs, outputs, stride):
    if stride == 1 and inputs == outputs:
        return nn.Identity()
    return nn.Sequential(conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))


def stride_of(stage, position):
    return 2 if stage > 0 and position == 0 else 1


class ResNet(nn.Module):
    def __init__(self, block, layers, width, classes, stem):
        super().__init__()
        block = {"basic": Basic, "bottleneck": Bottleneck}[block]
        small = stem == "cifar"
        self.conv1 = conv(3, width, 3) if small else conv(3, width, 7, 2)
        self.bn1 = nn.BatchNorm2d(width)
        self.pool = nn.Identity() if small else nn.MaxPool2d(3, 2, 1)
        channels = width
        self.stages = len(layers)
        for stage, count in enumerate(layers):
            blocks = []
            for position in range(count):
                blocks.append(block(channels, width << stage, stride_of(stage, position)))
                channels = block.expansion * width << stage
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.pool(F.relu(self.bn1(self.conv1(x)), inplace=True))
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        return self.fc(x.mean((2, 3)))


class WideBlock(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), conv(inputs, width, 3, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(width), conv(width, width, 3)
        self.shortcut = None if stride == 1 and inputs == width else conv(inputs, width, 1, stride)

    def forward(self, x):
        active = F.relu(self.bn1(x), inplace=True)
        branch = self.conv2(F.relu(self.bn2(self.conv1(active)), inplace=True))
        return branch + (x if self.shortcut is None else self.shortcut(active))


class WideResNet(nn.Module):
    def __init__(self, depth, widen, classes, dropout):
        super().__init__()
        if dropout:
            raise ValueError("masks of dropout would differ")
        self.conv1 = conv(3, 16, 3)
        channels = 16
        for stage in range(3):
            blocks = []
            for position in range((depth - 4) // 6):
                blocks.append(WideBlock(channels, (16 << stage) * widen, stride_of(stage, position)))
                channels = (16 << stage) * widen
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.bn1, self.fc = nn.BatchNorm2d(channels), nn.Linear(channels, classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.conv1(x))))
        return self.fc(F.relu(self.bn1(x), inplace=True).mean((2, 3)))


class Vgg16(nn.Module):
    """With batch normalisation, for small images: one layer after the features."""

    CHANNELS = [[64] * 2, [128] * 2, [256] * 3, [512] * 3, [512] * 3]

    def __init__(self, classes, stem):
        super().__init__()
        if stem != "cifar":
            raise ValueError("masks of dropout would differ")
        layers, channels = [], 3
        for group in self.CHANNELS:
            for width in group:
                layers += [conv(channels, width, 3, bias=True), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
                channels = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


NETWORKS = {"resnet": ResNet, "wrn": WideResNet, "vgg16-bn": Vgg16}


def build(name, options):
    return NETWORKS[name](**options)


def read_safetensors(file):
    """Tensors of a safetensors file, all float32: length of the header, header, then the values."""
    raw = np.fromfile(file, np.uint8)
    start = 8 + int(raw[:8].view(np.int64)[0])
    header = json.loads(raw[8:start].tobytes())
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        values = np.frombuffer(raw[start + begin : start + end].tobytes(), np.float32)
        tensors[name] = torch.tensor(values).view(entry["shape"])
    return tensors


def load(network, file):
    """Sets all parameters and running statistics; only PyTorch's own counters of batches are not in the file."""
    tensors = read_safetensors(file)
    left = network.load_state_dict(tensors, strict=False)
    missing = [name for name in left.missing_keys if not name.endswith("num_batches_tracked")]
    if missing or left.unexpected_keys:
        raise ValueError(f"{file}: without {missing}, and with {left.unexpected_keys} that the network has not")
