"""PyTorch's training step on a graphics card.

python3 pytorch.py <job.json> cuda|cpu <steps> fp32|TF32 NCHW|channels_last    prints a line of losses and of times of steps
"""
import json
import sys
import time

import numpy as np

try:
    import torch
except ImportError as error:
    sys.exit(str(error))
import torch_networks

file, device, steps, precision, layout = sys.argv[1:]
WARM = 3

with open(file) as text:
    job = json.load(text)
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "TF32"
torch.backends.cudnn.benchmark = True
memory = {"NCHW": torch.contiguous_format, "channels_last": torch.channels_last}[layout]


def batches_of(stored):
    return torch.from_numpy(np.fromfile(stored["file"], np.float32)).view(stored["shape"])


network = torch_networks.build(job["model"]["name"], job["model"]["options"])
torch_networks.load(network, job["weights"])
network = network.to(device).train().to(memory_format=memory)
images = [batch.to(device).contiguous(memory_format=memory) for batch in batches_of(job["inputs"]["images"])]
labels = [batch.to(device) for batch in batches_of(job["inputs"]["labels"])]
optimizer = torch.optim.SGD(
    network.parameters(),
    job["learningRate"],
    momentum=job["optimizer"]["momentum"],
    nesterov=job["optimizer"]["nesterov"],
    weight_decay=job["optimizer"]["weightDecay"],
)


def step(number):
    """Gives the loss, which waits for the card, as Trainer.step does."""
    optimizer.zero_grad(set_to_none=True)
    loss = torch.nn.functional.cross_entropy(network(images[number % len(images)]), labels[number % len(labels)])
    loss.backward()
    optimizer.step()
    return loss.item()


losses = [step(number) for number in range(job["compared"])]
for number in range(WARM):
    step(number)
ms = []
for number in range(int(steps)):
    start = time.perf_counter()
    step(number)
    ms.append(round(1000 * (time.perf_counter() - start), 4))
print(json.dumps({"losses": losses, "ms": ms, "torch": torch.__version__}))
