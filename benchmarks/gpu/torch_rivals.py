"""PyTorch's side of the graphics card's benchmark.

python3 torch_rivals.py check <folder> --device cpu|cuda    its results against what the package wrote into the folder
python3 torch_rivals.py time --device cpu|cuda [--quick] [--count n --side n]    JSON lines with milliseconds

CutMix and Mixup are those of benchmarks/tasks/mix, written after timm and torchvision; SaliencyMix is that of
fine_grained_torch.py. All of them work on what is on the device already.
"""
import argparse
import importlib.util
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CLASSES = 1000
STEPS = 4
ABSENT = 4

try:
    import torch

    import fine_grained_torch as fine
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(ABSENT)


def load(name):
    """A rival of the task "mix", whatever modules of the same name are installed; None where it lacks one of its own."""
    sys.path.insert(0, os.path.join(HERE, "..", "lib"))
    path = os.path.join(HERE, "..", "tasks", "mix", f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"rival_{name}", path)
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except ImportError as error:
        print(json.dumps({"kind": "left", "name": name, "why": str(error)}), flush=True)
        return None
    return module


def read(folder, name, dtype, shape):
    with open(os.path.join(folder, name), "rb") as file:
        return torch.frombuffer(bytearray(file.read()), dtype=dtype).reshape(shape)


def require(right, what):
    if not bool(right):
        raise SystemExit(f"PyTorch: {what}")


def check_case(folder, case, device):
    count, height, width = case["shape"]
    name = case["name"]
    images = read(folder, f"{name}.images", torch.uint8, (count, height, width, 3)).to(device)
    maps = read(folder, f"{name}.maps", torch.float32, (count, height, width))
    mixed = read(folder, f"{name}.mixed", torch.uint8, (count, height, width, 3))
    wanted = torch.round(maps * 255).to(torch.int32)
    require(torch.equal(wanted / 255, maps) or (wanted / 255 - maps).abs().max() < 1e-6, f"{name}: maps are no 255ths")
    require(torch.equal(fine.fine_grained(images).cpu(), wanted), f"{name}: other saliency maps")
    sources = torch.tensor(case["sources"], device=device)
    sides = tuple(torch.tensor(side, device=device) for side in case["sides"])
    found, boxes = fine.saliencymix(images, sources, sides)
    require(boxes.cpu().tolist() == case["boxes"], f"{name}: other boxes")
    require(torch.equal(found.cpu(), mixed), f"{name}: other pixels")
    shares = torch.tensor(case["shares"], dtype=torch.float64, device=device)
    cuts = [fine.cut_of(length, shares).cpu().tolist() for length in (height, width)]
    require(cuts == case["cuts"], f"{name}: other sides of patches")


def check(folder, device):
    with open(os.path.join(folder, "cases.json"), encoding="utf-8") as file:
        cases = json.load(file)
    for case in cases:
        check_case(folder, case, device)
    print(json.dumps({"kind": "rivalsChecked", "cases": len(cases), "device": device}), flush=True)


class Timing:
    def __init__(self, device, rounds, warm_up):
        self.device, self.rounds, self.warm_up = device, rounds, warm_up

    def round(self, go, first):
        """Of a step, in a row of STEPS: the queue of a card runs on while Python prepares the next one."""
        steps = range(first, first + STEPS)
        if self.device == "cpu":
            begin = time.perf_counter()
            for i in steps:
                go(i)
            return (time.perf_counter() - begin) * 1000 / STEPS
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        for i in steps:
            go(i)
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / STEPS

    def series(self, go):
        times = [self.round(go, i * STEPS) for i in range(self.warm_up + self.rounds)]
        return times[self.warm_up :]


class Batches:
    """Of random pixels; as many as exceed the cache together. The time of no step depends on what is in them."""

    def __init__(self, count, side, device):
        cache = 64 << 20 if device == "cuda" else 1 << 20
        batches = min(12, max(2, 2 * cache // (count * side * side * 3) + 1))
        self.images = [torch.randint(0, 256, (count, side, side, 3), dtype=torch.uint8, device=device) for _ in range(batches)]
        self.mean, self.std = (torch.tensor(v, device=device).view(1, 3, 1, 1) for v in (MEAN, STD))
        self.labels = torch.nn.functional.one_hot(torch.arange(count, device=device) % CLASSES, CLASSES).float()
        self.count, self.side, self.device = count, side, device

    def planes(self, number, dtype=torch.float32):
        return self.normalised(self.images[number % len(self.images)], dtype)

    def normalised(self, images, dtype):
        return fine.normalise(images, self.mean, self.std, dtype)

    def mix(self, number):
        images = self.images[number % len(self.images)]
        shares = torch.rand(self.count, dtype=torch.float64, device=self.device)
        sources = torch.randperm(self.count, device=self.device)
        cut = fine.cut_of(self.side, shares)
        mixed, boxes = fine.saliencymix(images, sources, (cut, cut))
        covered = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        kept = (1 - covered / self.side**2).to(torch.float32)[:, None]
        return mixed, kept * self.labels + (1 - kept) * self.labels.index_select(0, sources)


def rivals_of(batches):
    """Name, what it gives, and the step."""
    yield "saliency, same maps and peaks", "peaks", lambda i: fine.peaks_of(
        fine.fine_grained(batches.images[i % len(batches.images)])
    )
    yield "SaliencyMix", "uint8 NHWC", batches.mix
    yield "SaliencyMix", "float16 NCHW", lambda i: batches.normalised(batches.mix(i)[0], torch.float16)
    ready = [batches.planes(i) for i in range(min(3, len(batches.images)))]
    for name in ("timm", "torchvision"):
        module = load(name)
        if module is None:
            continue
        for method, step in module.STEPS.items():
            yield f"{name} {method}", "float32 NCHW, ready before", lambda i, step=step: step(
                ready[i % len(ready)], batches.labels
            )
            yield f"{name} {method}", "float32 NCHW", lambda i, step=step: step(batches.planes(i), batches.labels)


def refuse():
    print("this PyTorch has no CUDA, or finds no card", file=sys.stderr)
    sys.exit(ABSENT)


def measure(options):
    if options.device == "cuda" and not torch.cuda.is_available():
        refuse()
    timing = Timing(options.device, 5 if options.quick else 31, 2 if options.quick else 5)
    sizes = [("large", 256, 224), ("small", 4096, 32)] if options.count is None else [("large", options.count, options.side)]
    device = torch.cuda.get_device_name() if options.device == "cuda" else "cpu"
    print(json.dumps({"kind": "rivals", "torch": torch.__version__, "device": device}), flush=True)
    for size, count, side in sizes:
        batches = Batches(count, side, options.device)
        for name, gives, step in rivals_of(batches):
            line = {"kind": "rival", "name": name, "gives": gives, "size": size, "images": count, "side": side}
            print(json.dumps({**line, "ms": timing.series(step)}), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=("check", "time"))
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cuda")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--count", type=int)
    parser.add_argument("--side", type=int, default=32)
    options = parser.parse_args()
    if options.task == "time":
        return measure(options)
    if options.device == "cuda" and not torch.cuda.is_available():
        refuse()
    check(options.folder, options.device)


if __name__ == "__main__":
    main()
