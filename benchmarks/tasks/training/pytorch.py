"""PyTorch's step on one thread: with images as it has them by default (NCHW) and with channels last, each as it is installed
and with an allocator that keeps its memory (by two variables of glibc's), which spares it page faults; and held to AVX2.
"""
NEEDS = {"torch": "python3-torch", "numpy": "python3-numpy"}

import numpy as np
import torch
import torch_facts
import torch_networks

torch.set_num_threads(1)

# Holds all that computes in it to AVX2: its own code, oneDNN, OpenBLAS.
AVX2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "OPENBLAS_CORETYPE": "Haswell"}

LAYOUTS = {"NCHW": torch.contiguous_format, "channels_last": torch.channels_last}
VARIANTS = [
    {"name": f"PyTorch {layout}{kept}", "layout": layout, "allocator": allocator, "threads": 1}
    for allocator, kept in (("system", ""), ("keeps", ", memory kept"))
    for layout in LAYOUTS
] + [{"name": "PyTorch NCHW, AVX2", "layout": "NCHW", "allocator": "system", "threads": 1, "environment": AVX2}]


def describe():
    return {
        "name": "PyTorch",
        "versions": torch_facts.versions(),
        "remarks": torch_facts.remarks(),
        "variants": VARIANTS,
    }


def batches_of(stored):
    return list(torch.from_numpy(np.fromfile(stored["file"], np.float32)).view(stored["shape"]))


class Training:
    def __init__(self, job, layout):
        self.compared = job["compared"]
        self.network = torch_networks.build(job["model"]["name"], job["model"]["options"])
        torch_networks.load(self.network, job["weights"])
        self.network.train().to(memory_format=layout)
        self.images = [batch.contiguous(memory_format=layout) for batch in batches_of(job["inputs"]["images"])]
        self.labels = batches_of(job["inputs"]["labels"])
        self.optimizer = torch.optim.SGD(
            self.network.parameters(),
            job["learningRate"],
            momentum=job["optimizer"]["momentum"],
            nesterov=job["optimizer"]["nesterov"],
            weight_decay=job["optimizer"]["weightDecay"],
        )

    def run(self, number):
        self.optimizer.zero_grad(set_to_none=True)
        logits = self.network(self.images[number % len(self.images)])
        loss = torch.nn.functional.cross_entropy(logits, self.labels[number % len(self.labels)])
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def result(self, drawn):
        return {"facts": {"losses": [self.run(number) for number in range(self.compared)]}}


def prepare(job, variant):
    return Training(job, LAYOUTS[variant["layout"]])
