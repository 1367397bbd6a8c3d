# Golden data of framing: boxes and pixels of torchvision's RandomResizedCrop and of its Resize with CenterCrop, over Pillow images.
# usage: generate.py OUT.json FOLDER-OF-saliency/synthetic
# The random numbers are given to torchvision's own get_params, in place of those that it would draw.
import hashlib, json, math, random, sys
from types import SimpleNamespace
import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision.transforms import functional as F
from torchvision.transforms import transforms as T

out, src = sys.argv[1], sys.argv[2]
rng = random.Random(4)
uniform = lambda a, b: round(rng.uniform(a, b), 6)


class Given:
    """What get_params asks of torch: it draws an area, then a ratio, and for a box that fits its row and its column."""

    def __init__(self, row, column, tries):
        self.numbers = [x for area, ratio in tries for x in (area, math.log(ratio))]
        self.ratios = [ratio for _, ratio in tries]
        self.places = [row, column]
        self.asked = 0

    log = staticmethod(torch.log)
    tensor = staticmethod(torch.tensor)

    def empty(self, _):
        return SimpleNamespace(uniform_=lambda a, b: self)

    def item(self):  # an area: times area of the image
        self.asked += 1
        return self.numbers[2 * (self.asked - 1)]

    def exp(self, _):
        return SimpleNamespace(item=lambda: self.ratios[self.asked - 1])

    def randint(self, low, high, size):
        return SimpleNamespace(item=lambda: math.floor(self.places.pop(0) * high))


def digest(image):
    return hashlib.sha256(np.asarray(image, np.uint8).tobytes()).hexdigest()[:16]


cases = []
images = json.load(open(f'{src}/index.json'))['images']
for number, entry in enumerate(images):
    image = Image.open(f"{src}/{entry['png']}").convert('RGB')
    width, height = image.size
    # Every third has boxes that rarely fit, so that later tries, or the central box, are taken.
    wide = (3 / 4, 4 / 3) if number % 3 else (3, 8)
    row, column = uniform(0, 1), uniform(0, 1)
    area = (0.08, 1) if number % 3 else (0.3, 1)
    tries = [(uniform(*area), round(math.exp(uniform(math.log(wide[0]), math.log(wide[1]))), 6)) for _ in range(10)]
    T.torch = Given(row, column, tries)
    top, left, h, w = T.RandomResizedCrop.get_params(image, list(area), list(wide))
    T.torch = torch
    if h == 0 or w == 0:  # of images one pixel thin, where it gives a box without pixels
        continue
    size = rng.choice([[24, 24], [32, 20], [64, 64], [7, 9]])
    shown = F.resized_crop(image, top, left, h, w, size)
    shorter = rng.choice([max(size), max(size) + 1, round(max(size) * 8 / 7), 2 * max(size) + 1])
    centre = F.center_crop(F.resize(image, shorter), size)
    cases.append(dict(image=entry['id'], size=size, ratio=[float(x) for x in wide], place=[row, column], tries=tries,
                      box=[top, left, top + h, left + w], sha256=digest(shown), shorter=shorter, centreSha256=digest(centre)))

versions = f'torchvision {torchvision.__version__} over Pillow {PIL.__version__}'
json.dump(dict(versions=versions, cases=cases), open(out, 'w'), separators=(',', ':'))
print(versions, len(cases), 'cases')
