"""What decides how fast PyTorch is on this machine: its version, oneDNN, vector code, threads, and above all its BLAS."""
import os
import re

import torch


def blas_files():
    """Files of matrix products that this process has loaded."""
    torch.mm(torch.ones(2, 2), torch.ones(2, 2))
    with open("/proc/self/maps", encoding="utf-8") as maps:
        files = {line.split(maxsplit=5)[5].strip() for line in maps if line.count("/") > 0}
    return sorted(file for file in files if re.search(r"blas|mkl|blis|atlas", os.path.basename(file)))


KINDS = [(r"openblas", "OpenBLAS"), (r"mkl", "MKL"), (r"blis", "BLIS"), (r"atlas", "ATLAS")]
# Where Debian keeps the implementation that the standard itself brings.
REFERENCE = re.compile(r"/blas/libblas\.so")


def blas():
    """Which BLAS, and its files."""
    if os.path.exists("/proc/self/maps"):
        files = blas_files()
        for pattern, name in KINDS:
            if any(re.search(pattern, os.path.basename(file)) for file in files):
                return name, files
        if any(map(REFERENCE.search, files)):
            return "reference BLAS", files
        if files:
            return "unknown BLAS", files
    return ("MKL" if torch.backends.mkl.is_available() else "BLAS inside of torch or unknown"), []


def built_with(pattern):
    found = re.search(pattern, torch.__config__.show())
    return found.group(1) if found else "none"


def versions():
    return {"torch": torch.__version__, "oneDNN": built_with(r"MKL-DNN v([\d.]+)"), "BLAS of torch": blas()[0]}


ADVICE = (
    "With the reference BLAS, PyTorch's steps on batches below 16 take up to ten times as long, and ratios to them say "
    "nothing: apt-get install libopenblas0-pthread, and where several are installed choose by "
    "update-alternatives --config libblas.so.3-$(uname -m)-linux-gnu"
)


def remarks():
    name, files = blas()
    facts = [
        f"torch {torch.__version__}",
        f"{torch.get_num_threads()} thread",
        f"oneDNN {built_with(r'MKL-DNN v([0-9.]+)')}",
        f"own vector code {built_with(r'CPU capability usage: (.+)')}",
        f"BLAS_INFO {built_with(r'BLAS_INFO=([^,]+)')}",
        f"{name} ({', '.join(files)})" if files else name,
    ]
    return [", ".join(facts), *([ADVICE] if name == "reference BLAS" else [])]
