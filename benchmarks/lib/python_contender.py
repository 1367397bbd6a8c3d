"""A rival's process, seen from inside: loads the file it is given and answers the lines of process.mjs.

python3 python_contender.py <contender.py>

The file has NEEDS (modules, each with the Debian package that brings it), describe() and prepare(job, variant); the
latter returns {"skip": why} or an object with run(i) and result(drawn).
"""
import importlib
import importlib.util
import json
import os
import sys
import time
import traceback


def load(path):
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    spec = importlib.util.spec_from_file_location("contender", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def missing(path):
    """Modules the file needs and this Python lacks, read without running the file's imports."""
    with open(path, encoding="utf-8") as file:
        first = next(line for line in file if line.startswith("NEEDS = "))
    needs = json.loads(first.removeprefix("NEEDS = "))
    return {module: package for module, package in needs.items() if importlib.util.find_spec(module) is None}


def store(result, folder):
    stored = {}
    for name, array in result.get("arrays", {}).items():
        file = os.path.join(folder, f"{os.getpid()}-{name}.bin")
        array.tofile(file)
        stored[name] = {"file": file, "shape": list(array.shape), "dtype": str(array.dtype)}
    return {"arrays": stored, "facts": result.get("facts", {})}


def peak_mb():
    """The most memory that this process ever held, where the system tells it."""
    try:
        with open("/proc/self/status", encoding="utf-8") as status:
            return next(round(int(line.split()[1]) / 1024) for line in status if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        return None


class Session:
    def __init__(self, path):
        self.path = path
        self.module = None
        self.prepared = None
        self.next = 0

    def describe(self, request):
        lacking = missing(self.path)
        if lacking:
            packages = " ".join(sorted(set(lacking.values())))
            return {"missing": ", ".join(sorted(lacking)), "install": f"apt-get install {packages}"}
        self.module = load(self.path)
        return self.module.describe()

    def prepare(self, request):
        self.module = self.module or load(self.path)
        self.next = 0
        self.prepared = self.module.prepare(request["job"], request["variant"])
        return self.prepared if isinstance(self.prepared, dict) else {}

    def result(self, request):
        return store(self.prepared.result(request.get("drawn")), request["folder"])

    def run(self, request):
        cpu = time.process_time()
        start = time.perf_counter()
        for _ in range(request["repeat"]):
            self.prepared.run(self.next)
            self.next += 1
        ms = (time.perf_counter() - start) * 1000
        return {"ms": ms, "cpuMs": (time.process_time() - cpu) * 1000, "peakMB": peak_mb()}


def main():
    # The answers have stdout to themselves: what a library prints goes to stderr.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    session = Session(sys.argv[1])
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = getattr(session, request["cmd"])(request)
        except Exception:
            reply = {"error": traceback.format_exc()}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
