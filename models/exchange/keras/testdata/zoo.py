"""The six models of the report in Keras, compiled as the report trains them."""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "testdata" / "keras"))

import architectures  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402

NAMES = ["mnist-dense", "mnist-seq", "mnist-func", "fashion-seq", "fashion-func", "fashion-best"]


def by_hand(name):
    """Section 2.0: standard normal weights and biases, logits as output."""
    normal = {
        "kernel_initializer": keras.initializers.RandomNormal(stddev=1.0),
        "bias_initializer": keras.initializers.RandomNormal(stddev=1.0),
    }
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(512, activation="relu", **normal),
            keras.layers.Dense(256, activation="relu", **normal),
            keras.layers.Dense(10, **normal),
        ],
        name=name,
    )


def build(name, fresh=True):
    """A new model, compiled. Unless it is fresh, its layers' names go on counting from those of another."""
    keras.utils.clear_session()
    if name == "mnist-dense":
        if not fresh:
            by_hand(name)
        model = by_hand(name)
        model.compile(
            optimizer=keras.optimizers.SGD(0.005),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        return model
    model = architectures.build(name)
    declaration, _, epochs = architectures.MODELS[name]
    if not fresh:
        model = declaration(name, 0.5)
    rate = 0.02 if name == "fashion-func" else 0.01
    model.compile(
        optimizer=keras.optimizers.SGD(
            keras.optimizers.schedules.InverseTimeDecay(rate, 1, rate / epochs), momentum=0.9
        ),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def probabilities(model, images, divisor=1):
    """Of section 2.0 with its logits divided."""
    outputs = np.asarray(model(images, training=False), np.float64)
    return softmax(outputs / divisor) if model.name == "mnist-dense" else outputs
