"""Makes float-bytes.json: OpenCV's fine-grained saliency of normalised float32 pixels, as the authors' released code calls it.

python3 float_bytes.py    needs python3-opencv (with contrib) and numpy, on a processor with AVX2 and FMA
"""

import hashlib
import json
from pathlib import Path

import cv2
import numpy

HERE = Path(__file__).parent
MEAN = [125.3, 123.0, 113.9]
STD = [63.0, 62.1, 66.7]


def of_255(values):
    return numpy.array([value / 255 for value in values]).astype(numpy.float32)


def main():
    images = {}
    for image in json.loads((HERE / "synthetic/index.json").read_text())["images"]:
        rgb = cv2.cvtColor(cv2.imread(str(HERE / "synthetic" / image["png"])), cv2.COLOR_BGR2RGB)
        pixels = (rgb.astype(numpy.float32) / numpy.float32(255) - of_255(MEAN)) / of_255(STD)
        _, found = cv2.saliency.StaticSaliencyFineGrained_create().computeSaliency(pixels)
        peak = numpy.unravel_index(numpy.argmax((found * 255).astype("uint8")), found.shape)
        digest = hashlib.sha256(found.astype("<f4").tobytes()).hexdigest()[:16]
        images[image["id"]] = {"sha256": digest, "peak": [int(side) for side in peak]}
    made = {"opencv": cv2.__version__, "mean": MEAN, "std": STD, "images": images}
    (HERE / "float-bytes.json").write_text(json.dumps(made, indent=1) + "\n")


main()
