"""Ordinary learners that a bench compares with: PyTorch, scikit-learn and JAX, whichever this Python has.

Answers requests of JSON, one a line, by replies of one line (docs/bench.md describes them). It never sees a label that it is not to
learn from: it returns answers to the rows it is asked about, and whoever asks counts those that are right.
"""

import importlib
import importlib.metadata
import json
import os
import platform
import signal
import sys

# Learning rates to be tried, and batches beside 1.
ADAM_RATES = [0.001, 0.004, 0.016]
SGD_RATES = [0.001, 0.01, 0.1]
BATCHES = [8, 32, 128, 512]

PACKAGES = {"torch": "torch", "sklearn": "scikit-learn", "jax": "jax"}


def count_weights(layers):
    return sum((inputs + 1) * outputs for inputs, outputs in zip(layers, layers[1:]))


class Stream:
    """Row numbers for ever: every epoch holds each row once, in an order of its own."""

    def __init__(self, rows, seed):
        import numpy

        self.numpy, self.rows = numpy, rows
        self.random = numpy.random.default_rng(seed)
        self.left = numpy.empty(0, dtype=numpy.int64)

    def take(self, count):
        while len(self.left) < count:
            self.left = self.numpy.concatenate([self.left, self.random.permutation(self.rows)])
        taken, self.left = self.left[:count], self.left[count:]
        return taken

    def stretches(self, steps, batch):
        """The rows of so many steps, about an epoch at a time: a step takes a slice of what is brought into order at once."""
        while steps > 0:
            now = min(steps, max(1, self.rows // batch))
            yield self.take(now * batch)
            steps -= now


class Torch:
    """A multilayer perceptron with rectified units, trained by Adam: eager, compiled, or as a captured CUDA graph."""

    def __init__(self, torch, device, mode, sizes, setting):
        self.torch, self.device, self.mode = torch, torch.device(device), mode
        self.batch, self.threads = setting["batch"], setting["threads"]
        layers = []
        for inputs, outputs in zip(sizes, sizes[1:]):
            layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
        self.model = torch.nn.Sequential(*layers[:-1]).to(self.device)
        graph = mode == "graph"
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=setting["rate"], fused=True, capturable=graph)
        self.loss = self.plain_loss
        if mode == "compile":
            # `reduce-overhead` is what PyTorch recommends for small batches on a GPU.
            self.loss = torch.compile(self.plain_loss, mode="reduce-overhead" if device == "cuda" else None)
        self.layers, self.parameters = sizes, sum(p.numel() for p in self.model.parameters())
        self.graph = None

    def plain_loss(self, x, y):
        return self.torch.nn.functional.cross_entropy(self.model(x), y)

    def restart(self, task, seed):
        torch = self.torch
        self.set_threads()
        self.x = torch.tensor(task["x"], dtype=torch.float32, device=self.device)
        self.y = torch.tensor(task["y"], dtype=torch.int64, device=self.device)
        if not self.optimiser.state:
            self.prepare()
        torch.manual_seed(seed)
        with torch.no_grad():
            for layer in self.model:
                if hasattr(layer, "reset_parameters"):
                    layer.reset_parameters()
            for state in self.optimiser.state.values():
                for value in state.values():
                    value.zero_()
        self.stream = Stream(len(self.x), seed)

    def set_threads(self):
        # The number belongs to the process, and learners of several settings live in it.
        if self.device.type == "cpu" and self.torch.get_num_threads() != self.threads:
            self.torch.set_num_threads(self.threads)

    def prepare(self):
        """Compiles and captures: a few steps whose results are thrown away."""
        torch = self.torch
        self.x_batch, self.y_batch = self.x[: self.batch].clone(), self.y[: self.batch].clone()
        if self.mode != "graph":
            for _ in range(3):
                self.step(self.x_batch, self.y_batch)
            return
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(3):
                self.step(self.x_batch, self.y_batch)
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        self.optimiser.zero_grad(set_to_none=True)
        with torch.cuda.graph(self.graph):
            self.loss(self.x_batch, self.y_batch).backward()
            self.optimiser.step()

    def step(self, x, y):
        self.optimiser.zero_grad(set_to_none=True)
        self.loss(x, y).backward()
        self.optimiser.step()

    def train(self, samples):
        steps = -(-samples // self.batch)
        self.set_threads()
        for order in self.stream.stretches(steps, self.batch):
            order = self.torch.from_numpy(order).to(self.device)
            xs, ys = self.x[order].split(self.batch), self.y[order].split(self.batch)
            if self.graph is None:
                for x, y in zip(xs, ys):
                    self.step(x, y)
            else:
                for x, y in zip(xs, ys):
                    self.x_batch.copy_(x)
                    self.y_batch.copy_(y)
                    self.graph.replay()
        if self.device.type == "cuda":
            self.torch.cuda.synchronize()
        return steps * self.batch

    def answers(self, rows):
        with self.torch.no_grad():
            x = self.torch.tensor(rows, dtype=self.torch.float32, device=self.device)
            return self.model(x).argmax(dim=1).tolist()


class Sklearn:
    """An estimator of scikit-learn that learns by `partial_fit`, about an epoch a call."""

    # Threads that libraries of linear algebra may have now.
    limit = None

    def __init__(self, kind, sizes, setting):
        self.kind, self.sizes, self.setting = kind, sizes, setting
        self.batch = setting["batch"]
        # scikit-learn tells two classes apart by one output.
        outputs = 1 if sizes[-1] == 2 else sizes[-1]
        self.layers = (sizes[:-1] if kind == "mlp" else sizes[:1]) + [outputs]
        self.parameters = count_weights(self.layers)

    def restart(self, task, seed):
        import numpy

        self.x = numpy.asarray(task["x"], dtype=numpy.float64)
        self.y = numpy.asarray(task["y"], dtype=numpy.int64)
        self.classes = numpy.arange(self.sizes[-1])
        self.stream = Stream(len(self.x), seed)
        rate = self.setting["rate"]
        if self.kind == "mlp":
            from sklearn.neural_network import MLPClassifier

            self.model = MLPClassifier(
                tuple(self.sizes[1:-1]), alpha=0.0, batch_size=self.batch, learning_rate_init=rate,
                shuffle=False, random_state=seed,
            )
        else:
            from sklearn.linear_model import SGDClassifier

            self.model = SGDClassifier(
                loss="log_loss", penalty=None, learning_rate="constant", eta0=rate, shuffle=False, random_state=seed
            )
        # Only libraries that are loaded can be limited.
        self.set_threads()

    def set_threads(self):
        # The number belongs to the process, and learners of several settings live in it.
        if Sklearn.limit != self.setting["threads"]:
            from threadpoolctl import threadpool_limits

            threadpool_limits(self.setting["threads"])
            Sklearn.limit = self.setting["threads"]

    def train(self, samples):
        steps = -(-samples // self.batch)
        self.set_threads()
        for order in self.stream.stretches(steps, self.batch):
            self.model.partial_fit(self.x[order], self.y[order], classes=self.classes)
        return steps * self.batch

    def answers(self, rows):
        if not hasattr(self.model, "classes_"):
            return [0] * len(rows)
        return [int(label) for label in self.model.predict(rows)]


class Jax:
    """The same perceptron in JAX: a stretch of steps is one compiled scan, so that no interpreter stands between them."""

    # Compiled once for every batch and length, whatever the learning rate.
    compiled = None

    def __init__(self, jax, device, sizes, setting):
        self.jax, self.device = jax, jax.devices(device)[0]
        self.batch, self.layers = setting["batch"], sizes
        self.parameters = count_weights(sizes)
        self.rate = setting["rate"]
        if Jax.compiled is None:
            Jax.compiled = self.make()
        self.scan, self.forward = Jax.compiled

    def make(self):
        jax, numpy = self.jax, self.jax.numpy

        def forward(weights, x):
            for number, (matrix, bias) in enumerate(weights):
                x = (jax.nn.relu(x) if number else x) @ matrix + bias
            return x

        def loss(weights, x, y):
            scores = jax.nn.log_softmax(forward(weights, x))
            return -numpy.take_along_axis(scores, y[:, None], axis=1).mean()

        def step(rate, state, rows):
            # Adam: Kingma and Ba, ICLR 2015, algorithm 1.
            weights, mean, square, count = state
            gradient = jax.grad(loss)(weights, *rows)
            count = count + 1
            mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradient)
            square = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, square, gradient)
            width = rate * numpy.sqrt(1 - 0.999**count) / (1 - 0.9**count)
            weights = jax.tree.map(lambda w, m, s: w - width * m / (numpy.sqrt(s) + 1e-8), weights, mean, square)
            return (weights, mean, square, count), None

        def scan(rate, state, x, y, order):
            return jax.lax.scan(lambda state, rows: step(rate, state, (x[rows], y[rows])), state, order)[0]

        return jax.jit(scan), jax.jit(forward)

    def restart(self, task, seed):
        jax, numpy = self.jax, self.jax.numpy
        put = lambda value: jax.device_put(value, self.device)
        self.x, self.y = put(numpy.asarray(task["x"], dtype="float32")), put(numpy.asarray(task["y"], dtype="int32"))
        keys = iter(jax.random.split(jax.random.key(seed), len(self.layers)))
        weights = []
        for inputs, outputs in zip(self.layers, self.layers[1:]):
            width = (6 / inputs) ** 0.5
            matrix = jax.random.uniform(next(keys), (inputs, outputs), minval=-width, maxval=width)
            weights.append((matrix, numpy.zeros(outputs)))
        zero = jax.tree.map(numpy.zeros_like, weights)
        self.state = put((weights, zero, zero, numpy.zeros((), dtype="int32")))
        self.stream = Stream(len(self.x), seed)
        # Every length of a scan is compiled once; results are thrown away.
        self.lengths = [max(1, len(self.x) // self.batch), 1]
        for length in self.lengths:
            self.jax.block_until_ready(self.advance(self.state, length, Stream(len(self.x), seed)))

    def advance(self, state, steps, stream):
        order = stream.take(steps * self.batch).reshape(steps, self.batch).astype("int32")
        return self.scan(self.rate, state, self.x, self.y, order)

    def train(self, samples):
        left = steps = -(-samples // self.batch)
        for length in self.lengths:
            while left >= length:
                self.state = self.advance(self.state, length, self.stream)
                left -= length
        self.jax.block_until_ready(self.state)
        return steps * self.batch

    def answers(self, rows):
        scores = self.forward(self.state[0], self.jax.numpy.asarray(rows, dtype="float32"))
        return scores.argmax(axis=1).tolist()


def has_compiler():
    from shutil import which

    return any(which(name) for name in [os.environ.get("CXX") or "g++", "c++", "clang++"])


def baselines(libraries):
    """What there is: name, method, text, learning rates, batches beside 1, and whether it works with as many threads as it is told. One
    of a method is as good as the other at finding a setting; the first of it is asked."""
    mlp = "a multilayer perceptron trained by back-propagation with Adam"
    offer = lambda name, method, text, rates=ADAM_RATES, batches=BATCHES, threads=True: {
        "name": name, "method": method, "description": text, "rates": rates, "batches": batches, "threads": threads,
    }
    found = []
    if "sklearn" in libraries:
        found += [
            offer("sklearn-sgd", "sklearn-sgd", "a linear classifier (SGDClassifier, logistic loss) by partial_fit of "
                  "scikit-learn on the processor", SGD_RATES, []),
            offer("sklearn-mlp", "sklearn-mlp", f"{mlp} by partial_fit (MLPClassifier) of scikit-learn on the processor"),
        ]
    if torch := libraries.get("torch"):
        devices = ["cpu"] + ["cuda"] * torch.cuda.is_available()
        for device in devices:
            on = "the processor" if device == "cpu" else torch.cuda.get_device_name()
            for mode, how in [("eager", "eager"), ("compile", "compiled"), ("graph", "as a captured CUDA graph")]:
                if mode == "graph" and device == "cpu" or mode == "compile" and not has_compiler():
                    continue
                text = f"{mlp} by PyTorch, {how}, on {on}"
                found.append(offer(f"torch-{device}-{mode}", f"torch-{device}", text, threads=device == "cpu"))
    if jax := libraries.get("jax"):
        for device in ["cpu", "gpu"]:
            try:
                on = jax.devices(device)[0]
            except RuntimeError:
                continue
            on = "the processor" if device == "cpu" else on.device_kind
            # XLA has one pool of threads, made when the process starts.
            text = f"{mlp} by JAX, as a compiled scan, on {on}"
            found.append(offer(f"jax-{device}", f"jax-{device}", text, threads=False))
    return found


class Server:
    def __init__(self):
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
        self.libraries, self.learners, self.task = {}, {}, None

    def import_all(self, wanted):
        missing = []
        for module in wanted:
            try:
                self.libraries[module] = importlib.import_module(module)
            except Exception as error:  # a library that is half installed raises anything
                missing.append({"name": module, "package": PACKAGES[module], "why": str(error).split("\n")[0]})
        return missing

    def hello(self, request):
        missing = self.import_all(PACKAGES)
        if "torch" in self.libraries and not has_compiler():
            missing.append({"name": "torch-cpu-compile", "package": None, "why": "torch.compile needs a C++ compiler, such as g++"})
        versions = {"python": platform.python_version()}
        for module in self.libraries:
            versions[module] = importlib.metadata.version(PACKAGES[module])
        if torch := self.libraries.get("torch"):
            if torch.cuda.is_available():
                versions["cuda"] = torch.version.cuda
                versions["cudnn"] = str(torch.backends.cudnn.version())
        return {"versions": versions, "baselines": baselines(self.libraries), "missing": missing}

    def load(self, request):
        with open(request["task"], encoding="utf-8") as file:
            self.task = json.load(file)
        return {}

    def start(self, request):
        setting = {key: request[key] for key in ["baseline", "rate", "batch", "threads"]}
        key = json.dumps([setting, self.task["sizes"]])
        name = request["learner"]
        kept = self.learners.get(name)
        if kept is None or kept[0] != key:
            kept = self.learners[name] = key, self.make(setting)
        kept[1].restart(self.task, request["seed"] % 2**32)
        kept[1].asked = self.task["asked"]
        return {"layers": kept[1].layers, "parameters": kept[1].parameters}

    def make(self, setting):
        name, sizes = setting["baseline"], self.task["sizes"]
        library, _, rest = name.partition("-")
        self.import_all([module for module in [library] if module not in self.libraries])
        if library == "torch":
            device, _, mode = rest.partition("-")
            return Torch(self.libraries["torch"], device, mode, sizes, setting)
        if library == "sklearn":
            return Sklearn(rest, sizes, setting)
        return Jax(self.libraries["jax"], rest, sizes, setting)

    def train(self, request):
        return {"samples": self.learners[request["learner"]][1].train(request["samples"])}

    def answer(self, request):
        learner = self.learners[request["learner"]][1]
        return {"answers": learner.answers(learner.asked[request["rows"]])}


def main():
    # An interrupt is the business of whoever asks; this process ends with its standard input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Libraries print; only replies may go to standard output.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    server = Server()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = getattr(server, request["op"])(request)
        except Exception as error:  # whatever a library raises is an answer
            reply = {"error": f"{type(error).__name__}: {error}"}
        replies.write(json.dumps(reply) + "\n")
        replies.flush()


main()
