"""Keras or PyTorch beside `zoo bench -compare`, timed in a process of its own.

    python compare.py -framework keras|torch|torch.compile -root REPOSITORY -model fashion-seq -dataset fashion-mnist
        -lr 0.01 -momentum 0.9 -decay 0.0009 -batch 64 -workers 2

It trains one step and says so with a line of JSON: {"versions": {"keras": "3.15.1", ...}}. Then it answers each line of
its standard input with one of JSON, until the input ends:

    step N         trains N steps                    {"ns": [the nanoseconds of each]}
    predict B N    classifies a batch of B, N times  {"ns": [...]}

A failure is {"error": "..."}, and ends it. A step takes as long as the framework at its best: the batch is gathered from
bytes in memory, as zoo does it, and then goes straight into the compiled step, without the callbacks, queues and
progress bar of a training loop.
"""

import argparse
import gzip
import json
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np


class Data:
    """A data set, decoded whole as for a training: both its parts, though only one is used here."""

    def __init__(self, folder):
        def read(name, header):
            with gzip.open(folder / f"{name}-ubyte.gz") as file:
                return np.frombuffer(file.read(), np.uint8, offset=header)

        self.images, self.labels = read("train-images-idx3", 16).reshape(-1, 28, 28, 1), read("train-labels-idx1", 8)
        self.test = read("t10k-images-idx3", 16), read("t10k-labels-idx1", 8)

    def batches(self, size, label_type):
        """Endless random batches, written into the same two arrays each time."""
        pixels = np.empty((size, 28, 28, 1), np.uint8)
        images, labels = np.empty(pixels.shape, np.float32), np.empty(size, label_type)
        scale = np.float32(1 / 255)
        random = np.random.default_rng(1)
        while True:
            order = random.permutation(len(self.images))
            for start in range(0, len(order) - size + 1, size):
                rows = order[start : start + size]
                np.take(self.images, rows, axis=0, out=pixels, mode="clip")
                np.multiply(pixels, scale, out=images)
                labels[:] = self.labels[rows]
                yield images, labels


class Keras:
    """Keras on TensorFlow. Its own train_step, called as one tf.function, is faster than fit and train_on_batch."""

    label_type = "int32"

    def __init__(self, args):
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        os.environ["KERAS_BACKEND"] = "tensorflow"
        import keras
        import tensorflow as tf

        self.tf = tf
        tf.config.threading.set_intra_op_parallelism_threads(args.workers)
        self.versions = {"keras": keras.__version__, "tensorflow": tf.__version__}
        keras.utils.set_random_seed(1)
        net, loss = dense_network(keras) if args.model == "mnist-dense" else declared(keras, args.model)
        rate = keras.optimizers.schedules.InverseTimeDecay(args.lr, 1, args.decay) if args.decay else args.lr
        net.compile(keras.optimizers.SGD(rate, momentum=args.momentum), loss, metrics=["accuracy"])
        self.train = tf.function(lambda images, labels: net.train_step((images, labels)))
        self.infer = tf.function(lambda images: net(images, training=False))

    def step(self, images, labels):
        return float(self.train(self.tf.constant(images), self.tf.constant(labels))["loss"])

    def predict(self, images):
        return self.infer(self.tf.constant(images)).numpy()


def declared(keras, model):
    import architectures

    if model not in architectures.MODELS:
        raise ValueError(f"{model} is not declared for Keras: add it to models/testdata/keras/architectures.py")
    return architectures.build(model), keras.losses.SparseCategoricalCrossentropy()


def dense_network(keras):
    """Section 2.0's network, which is not Keras's in the report."""
    normal = keras.initializers.RandomNormal(stddev=1.0)
    layers = [keras.layers.Dense(units, activation, kernel_initializer=normal, bias_initializer=normal)
              for units, activation in ((512, "relu"), (256, "relu"), (10, None))]
    net = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), *layers])
    return net, keras.losses.SparseCategoricalCrossentropy(from_logits=True)


class Torch:
    """PyTorch with pictures in channels_last, as it is or through torch.compile."""

    label_type = "int64"

    def __init__(self, args):
        # Compiler processes would stay beside the measured one.
        os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")
        import torch

        self.torch = torch
        torch.set_num_threads(args.workers)
        torch.manual_seed(1)
        self.versions = {"torch": torch.__version__}
        self.net = torch_network(torch, args.model).to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.SGD(self.net.parameters(), args.lr, momentum=args.momentum, fused=True)
        self.rate, self.decay, self.steps = args.lr, args.decay, 0

        def loss_and_correct(images, labels):
            logits = self.net(images)
            return torch.nn.functional.cross_entropy(logits, labels), (logits.argmax(1) == labels).sum()

        def probabilities(images):
            return self.net(images).softmax(1)

        self.loss_and_correct, self.probabilities = loss_and_correct, probabilities
        if args.framework == "torch.compile":
            self.loss_and_correct = torch.compile(loss_and_correct, dynamic=False)
            self.probabilities = torch.compile(probabilities, dynamic=False)

    def step(self, images, labels):
        if not self.net.training:
            self.net.train()
        self.optimizer.zero_grad(set_to_none=True)
        loss, correct = self.loss_and_correct(self.torch.from_numpy(images), self.torch.from_numpy(labels))
        loss.backward()
        self.optimizer.param_groups[0]["lr"] = self.rate / (1 + self.decay * self.steps)
        self.optimizer.step()
        self.steps += 1
        correct.item()
        return loss.item()

    def predict(self, images):
        if self.net.training:
            self.net.eval()
        with self.torch.inference_mode():
            return self.probabilities(self.torch.from_numpy(images)).numpy()


def torch_network(torch, model):
    """The architectures of models/testdata/keras/architectures.py in PyTorch.

    Pictures come in and features are flattened in Keras's order, height, width, channels: over channels_last memory
    neither copies anything.
    """
    nn = torch.nn

    class ChannelsFirst(nn.Module):
        def forward(self, x):
            return x.permute(0, 3, 1, 2)

    class Flatten(nn.Module):
        def forward(self, x):
            return x.permute(0, 2, 3, 1).flatten(1)

    def norm(channels, dimensions):
        # Keras's momentum .99 is .01 here.
        return (nn.BatchNorm1d if dimensions == 1 else nn.BatchNorm2d)(channels, eps=1e-3, momentum=0.01)

    def conv(inputs, outputs, size, act, padding="valid"):
        return [nn.Conv2d(inputs, outputs, size, padding=padding), act(), norm(outputs, 2)]

    def trunk(channels, act):
        return [ChannelsFirst(), *conv(1, channels, 3, act), *conv(channels, channels, 3, act), nn.MaxPool2d(2),
                *conv(channels, channels, 3, act), nn.MaxPool2d(2), Flatten()]

    def dense(inputs, outputs, act):
        return [nn.Linear(inputs, outputs), act(), norm(outputs, 1)]

    def leaky():
        return nn.LeakyReLU(0.5)

    class Joined(nn.Module):
        """The picture and what each branch makes of it, as channels of one picture."""

        def __init__(self, *branches):
            super().__init__()
            self.branches = nn.ModuleList(nn.Sequential(*branch) for branch in branches)
            self.dropout = nn.Dropout(0.5)
            self.output = nn.Linear(784 * (1 + len(branches)), 10)

        def forward(self, image):
            pictures = [branch(image).view(-1, 28, 28, 1) for branch in self.branches]
            return self.output(self.dropout(torch.cat([image, *pictures], 3).flatten(1)))

    if model == "mnist-dense":
        net = nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))
    elif model.endswith("-seq"):
        net = nn.Sequential(*trunk(64, nn.ReLU), *dense(1600, 512, nn.ReLU), nn.Dropout(0.5), nn.Linear(512, 10))
    elif model.endswith("-func"):
        net = Joined([*trunk(64, nn.ReLU), *dense(1600, 784, nn.ReLU)])
    elif model == "fashion-best":
        wide = [ChannelsFirst(), *conv(1, 128, 4, leaky, padding="same"), nn.MaxPool2d(2), Flatten()]
        net = Joined([*trunk(128, leaky), *dense(3200, 784, leaky)], [*wide, *dense(25088, 784, leaky)])
    else:
        raise ValueError(f"{model} is not declared for PyTorch: add it to internal/bench/compare.py")

    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            if model == "mnist-dense":
                nn.init.normal_(module.weight)
                nn.init.normal_(module.bias)
            else:
                nn.init.xavier_uniform_(module.weight)  # Glorot's
                nn.init.zeros_(module.bias)
    return net


class Session:
    """Answers commands."""

    def __init__(self, framework, data, batch):
        self.framework, self.data = framework, data
        self.training = data.batches(batch, framework.label_type)
        self.inputs = {}

    def step(self, count):
        def step():
            loss = self.framework.step(*next(self.training))
            if not abs(loss) < float("inf"):
                raise ArithmeticError(f"the loss is {loss}")

        return {"ns": timed(step, count)}

    def predict(self, batch, count):
        if batch not in self.inputs:
            self.inputs[batch] = self.data.batches(batch, self.framework.label_type)
        return {"ns": timed(lambda: self.framework.predict(next(self.inputs[batch])[0]), count)}

    def answer(self, line):
        name, *numbers = line.split()
        return {"step": self.step, "predict": self.predict}[name](*map(int, numbers))


def timed(run, count):
    times = []
    for _ in range(count):
        began = time.perf_counter_ns()
        run()
        times.append(time.perf_counter_ns() - began)
    return times


def open_session(args):
    sys.path.insert(0, str(args.root / "models" / "testdata" / "keras"))
    data = Data(args.root / "mnist" / "data" / args.dataset)
    return Session(Keras(args) if args.framework == "keras" else Torch(args), data, args.batch)


def main():
    parser = argparse.ArgumentParser(description="Times Keras or PyTorch for zoo bench -compare.")
    parser.add_argument("-framework", choices=["keras", "torch", "torch.compile"], required=True)
    parser.add_argument("-root", type=Path, required=True)
    parser.add_argument("-model", required=True)
    parser.add_argument("-dataset", required=True)
    parser.add_argument("-lr", type=float, required=True)
    parser.add_argument("-momentum", type=float, required=True)
    parser.add_argument("-decay", type=float, required=True)
    parser.add_argument("-batch", type=int, required=True)
    parser.add_argument("-workers", type=int, required=True)
    args = parser.parse_args()

    # Libraries may print what they like, but not between the answers; Ctrl-C is for the process that asks.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        session = open_session(args)
        session.step(1)
        print(json.dumps({"versions": session.framework.versions}), file=answers)
        for line in sys.stdin:
            print(json.dumps(session.answer(line)), file=answers)
    except ImportError as error:
        print(json.dumps({"error": f"{error}; make bench-setup installs what it needs"}), file=answers)
        sys.exit(1)
    except Exception as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), file=answers)
        raise


if __name__ == "__main__":
    main()
