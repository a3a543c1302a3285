"""Writes what real Keras computes, for models/keras_test.go to compare with. README.md tells what and why.

python dump.py --model mnist-seq --seed 9 --batch 32 --steps 4 --lr 1e-4 --out seq.safetensors
python dump.py --all
"""

import argparse
import gzip
import hashlib
import json
import os
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["COLUMNS"] = "80"  # the width of model.summary()

import keras
import numpy as np
import tensorflow as tf
from safetensors.numpy import save_file

import architectures
import draws

HERE = Path(__file__).resolve().parent

# The committed fixtures. Their decay is far above the report's, so that a few steps show it.
COMMITTED = """
    --model mnist-dense --seed 1 --batch 4 --steps 8 --lr 5e-3
    --model mnist-dense --seed 2 --batch 32 --steps 8
    --model mnist-seq --seed 1 --batch 4 --steps 8 --decay 0.1
    --model mnist-func --seed 1 --batch 5 --steps 8 --decay 0.1
    --model fashion-seq --seed 1 --batch 5 --steps 6 --decay 0.1
    --model fashion-seq --seed 2 --batch 32 --steps 2 --decay 0.1
    --model fashion-func --seed 1 --batch 4 --steps 4 --decay 0.1
    --model fashion-best --seed 1 --batch 4 --steps 3 --decay 0.1
    --model mnist-seq-nobn --seed 1 --batch 4 --steps 8 --decay 0.1
    --model fashion-seq-nodropout --seed 1 --batch 4 --steps 6 --decay 0.1
"""

# Relative changes of the weights that the first batch's gradients must stand: some ten times float32's own rounding.
JITTERS = 5e-6, -5e-6


class KerasModel:
    """A Keras model with the report's optimizer. Dropout is off."""

    momentum = 0.9
    initial_weights = staticmethod(draws.weights)

    def __init__(self, name, lr, decay):
        _, self.dataset, epochs = architectures.MODELS[name]
        self.model = architectures.build(name, dropout=0.0)
        self.variables = {f"{layer.name}/{v.name}": v for layer in self.model.layers for v in layer.weights}
        self.trainable = {name: v for name, v in self.variables.items() if v.trainable}
        self.loss = keras.losses.SparseCategoricalCrossentropy()
        self.decay = lr / epochs if decay is None else decay
        schedule = keras.optimizers.schedules.InverseTimeDecay(lr, 1, self.decay)
        self.optimizer = keras.optimizers.SGD(schedule, momentum=self.momentum)

    def probabilities(self, images):
        return self.model(images, training=False)

    @tf.function
    def gradients(self, images, labels):
        """The loss and {name: gradient} of a training step; moves the moving statistics."""
        with tf.GradientTape() as tape:
            loss = self.loss(labels, self.model(images, training=True))
        return loss, tape.gradient(loss, {name: v.value for name, v in self.trainable.items()})

    def apply(self, gradients):
        self.optimizer.apply([gradients[name] for name in self.trainable], list(self.trainable.values()))


class DenseNetwork:
    """Section 2.0: the report's own TensorFlow, 784-512-256-10 and plain SGD."""

    dataset = "mnist"
    momentum = decay = 0.0
    initial_weights = staticmethod(draws.normal_weights)

    def __init__(self, lr):
        self.lr = lr
        self.variables = {}
        for layer, (inputs, outputs) in {"dense": (784, 512), "dense_1": (512, 256), "dense_2": (256, 10)}.items():
            for kind, shape in {"kernel": (inputs, outputs), "bias": (outputs,)}.items():
                self.variables[f"{layer}/{kind}"] = tf.Variable(tf.zeros(shape, tf.float64))

    def forward_pass(self, images):
        w = self.variables
        a = tf.reshape(images, (-1, 784))
        a = tf.nn.relu(tf.matmul(a, w["dense/kernel"]) + w["dense/bias"])
        a = tf.nn.relu(tf.matmul(a, w["dense_1/kernel"]) + w["dense_1/bias"])
        return tf.matmul(a, w["dense_2/kernel"]) + w["dense_2/bias"]

    def probabilities(self, images):
        return tf.nn.softmax(self.forward_pass(images))

    @tf.function
    def gradients(self, images, labels):
        with tf.GradientTape() as tape:
            one_hot = tf.one_hot(labels, 10, dtype=tf.float64)
            logits = self.forward_pass(images)
            loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(one_hot, logits))
        return loss, tape.gradient(loss, self.variables)

    def apply(self, gradients):
        for name, gradient in gradients.items():
            self.variables[name].assign_sub(self.lr * gradient)


def read_idx(file, header):
    with gzip.open(file) as f:
        return np.frombuffer(f.read(), np.uint8, offset=header)


class TrainingSet:
    def __init__(self, folder):
        self.images = read_idx(folder / "train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28, 1)
        self.labels = read_idx(folder / "train-labels-idx1-ubyte.gz", 8).astype(np.int32)

    def batch(self, indices):
        """Images, rounded to float32 because that is what both sides start from, and labels."""
        images = (self.images[indices] / np.float32(255)).astype(np.float64)
        return tf.constant(images), tf.constant(self.labels[indices])


def set_weights(model, initial, seed, jitter=0):
    """The initial weights, each changed by up to the relative jitter."""
    for name, w in initial.items():
        if jitter:
            noise = 2 * draws.uniform(seed, "jitter/" + name, w.size).reshape(w.shape) - 1
            w = w * (1 + jitter * noise)
        model.variables[name].assign(w.astype(np.float64))


def steady(model, initial, seed, images, labels):
    """Whether the gradients stay, within a quarter of the test's tolerances, when the weights change a little.

    They jump where a ReLU or the winner of a pool turns. There float32 cannot follow float64: it would be a comparison
    of luck.
    """

    def gradients(jitter):
        set_weights(model, initial, seed, jitter)
        return {name: np.asarray(g) for name, g in model.gradients(images, labels)[1].items()}

    exact = gradients(0)
    norms = {name: np.linalg.norm(g) for name, g in exact.items()}
    whole = np.linalg.norm(list(norms.values()))
    for jitter in JITTERS:
        moved = gradients(jitter)
        change = [np.linalg.norm(moved[name] - g) / (norms[name] + 0.01 * whole) for name, g in exact.items()]
        if max(change) > 2e-2 / 4 or np.median(change) > 1e-3 / 4:
            return False
    return True


def choose_batches(model, initial, data, args):
    """The indices of each step's images; those of the first step are drawn until its gradients are steady."""
    if isinstance(model, DenseNetwork):  # in order, as the report takes them
        if args.steps * args.batch > len(data.labels):
            raise SystemExit(f"{args.steps} batches of {args.batch} in order are more than {len(data.labels)} images")
        return np.arange(args.steps * args.batch, dtype=np.int32).reshape(args.steps, args.batch)
    for attempt in range(100):
        first = draws.batch(args.seed, 0, attempt, args.batch, len(data.labels))
        if steady(model, initial, args.seed, *data.batch(first)):
            later = [draws.batch(args.seed, step, 0, args.batch, len(data.labels)) for step in range(1, args.steps)]
            return np.stack([first, *later])
    raise SystemExit(f"no batch of {args.batch} has steady gradients with the weights of seed {args.seed}")


def compute(model, data, indices, initial, record):
    """Runs the model through its steps; returns the tensors of the fixture that record does not add."""
    probabilities = np.asarray(model.probabilities(data.batch(indices[0])[0]))
    losses = np.empty(len(indices))
    for step, rows in enumerate(indices):
        losses[step], gradients = model.gradients(*data.batch(rows))
        if step == 0:
            if losses[0] < 1e-3:
                raise SystemExit("the first batch is predicted with certainty: its gradients are only rounding")
            for name, gradient in gradients.items():
                record("gradient", name, np.asarray(gradient))
        model.apply(gradients)
    for name, variable in model.variables.items():
        record("update", name, np.asarray(variable) - initial[name])
    return {"indices": indices, "labels": data.labels[indices], "probabilities": probabilities, "losses": losses}


def dump(args):
    model = DenseNetwork(args.lr) if args.model == "mnist-dense" else KerasModel(args.model, args.lr, args.decay)
    data = TrainingSet(args.data / model.dataset)
    initial = model.initial_weights(args.seed, {name: tuple(v.shape) for name, v in model.variables.items()})
    indices = choose_batches(model, initial, data, args)
    set_weights(model, initial, args.seed)
    tensors = {}

    def record(kind, name, values):
        """Keeps a tensor whole, or a large one as sampled entries with the norm and the largest magnitude of all."""
        flat = values.ravel()
        at = draws.positions(args.seed, name, flat.size, args.sample)
        tensors[f"{kind}/{name}"] = flat[at].astype(np.float32)
        if at.size < flat.size:
            tensors[f"{kind}_norm_max/{name}"] = np.array([np.linalg.norm(flat), np.abs(flat).max()])

    tensors |= compute(model, data, indices, initial, record)
    settings = {
        "model": args.model,
        "dataset": model.dataset,
        "seed": args.seed,
        "batch": args.batch,
        "steps": args.steps,
        "learning_rate": args.lr,
        "momentum": model.momentum,
        "decay": model.decay,
        "dropout": "off",
        "sample": args.sample,
        "weights_sha256": hashlib.sha256(b"".join(w.tobytes() for _, w in sorted(initial.items()))).hexdigest(),
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
    }
    save_file(tensors, args.out, metadata={"parity": json.dumps(settings)})


def at_least(low):
    def parse(text):
        value = int(text)
        if value < low:
            raise argparse.ArgumentTypeError(f"must be {low} or more")
        return value

    return parse


def parser():
    p = argparse.ArgumentParser(description="Write what real Keras computes, for models/keras_test.go.")
    p.add_argument("--model", choices=["mnist-dense", *architectures.MODELS])
    p.add_argument("--seed", type=at_least(0), default=1, help="of weights, batches and sampled positions")
    p.add_argument("--batch", type=at_least(1), default=4)
    p.add_argument("--steps", type=at_least(1), default=8)
    p.add_argument("--lr", type=float, default=1e-4)
    p.add_argument("--decay", type=float, help="of the learning rate; default: LR / epochs of the report")
    p.add_argument("--out", metavar="FILE", help="the .safetensors file to write")
    p.add_argument("--sample", type=at_least(0), default=4096, help="entries kept of a larger tensor; 0: all")
    p.add_argument("--data", type=Path, default=HERE.parents[2] / "mnist" / "data", help="folder of both data sets")
    p.add_argument("--all", action="store_true", help="write the committed files instead: fixtures and summaries")
    return p


def main():
    p = parser()
    args = p.parse_args()
    if not args.all and not (args.model and args.out):
        p.error("--model and --out are needed, or --all")
    if args.model == "mnist-dense" and args.decay is not None:
        p.error("--decay: mnist-dense trains without")
    if args.all:
        for name in architectures.MODELS:
            (HERE / f"summary_{name}.txt").write_text(architectures.summary(name))
    keras.config.set_floatx("float64")
    tf.config.experimental.enable_op_determinism()
    if not args.all:
        dump(args)
        return
    for line in COMMITTED.strip().splitlines():
        file = p.parse_args([*line.split(), "--sample", "1024", "--data", str(args.data)])
        file.out = HERE / f"{file.model}-seed{file.seed}-batch{file.batch}.safetensors"
        dump(file)


if __name__ == "__main__":
    main()
