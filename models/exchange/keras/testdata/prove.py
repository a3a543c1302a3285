"""Real Keras on the other side of python_test.go, which tells what it wants to see.

    python prove.py exchange FOLDER NAME...
    python prove.py compare FOLDER NAME...

FOLDER/NAME is the folder of a model, with pictures, images.f32, and their classes, labels.i32.

exchange reads ours.keras, as a user would, and ours.weights.h5 into Keras's own model, writes what both
answer to loaded.f32 and into.f32, and trains the first one further. Then it trains a model of its own, whose layers' names
are not those of a fresh session, saves it as theirs.keras and theirs.weights.h5 and writes its answers to theirs.f32.

compare reads these and again.keras and again.weights.h5, which are to be the same models, to the bit.

Both print one line of JSON. A warning of Keras is an error.
"""

import json
import sys
import warnings
from pathlib import Path

import zoo  # noqa: I001: it quiets TensorFlow
import keras
import numpy as np


# Logits of section 2.0, in the thousands, divided by this give probabilities of more than one class. As a power of
# two it divides the last layer's weights without rounding, which is what the Go side does.
DIVISOR = 1024


def pictures(folder):
    images = np.fromfile(folder / "images.f32", "<f4").reshape(-1, 28, 28, 1)
    return images, np.fromfile(folder / "labels.i32", "<i4")


def exchange(folder, name, images, labels):
    model = keras.saving.load_model(folder / "ours.keras")
    zoo.probabilities(model, images).astype("<f4").tofile(folder / "loaded.f32")
    if name == "mnist-dense":
        zoo.probabilities(model, images, DIVISOR).astype("<f4").tofile(folder / "loaded-divided.f32")
    optimizer = model.optimizer
    report = {
        "name": model.name,
        "class": type(model).__name__,
        "iterations": int(optimizer.iterations),
        "learning_rate": float(optimizer.learning_rate),
        "momentum": float(optimizer.momentum),
        "velocities": [float(np.sum(np.asarray(v), dtype=np.float64)) for v in optimizer.momentums],
    }
    report["losses"] = model.fit(images, labels, batch_size=32, epochs=2, verbose=0).history["loss"]
    report["iterations_after"] = int(optimizer.iterations)

    own = zoo.build(name)
    own.optimizer = None  # it would warn that the file has no state for it
    own.load_weights(folder / "ours.weights.h5")
    zoo.probabilities(own, images).astype("<f4").tofile(folder / "into.f32")

    theirs = zoo.build(name, fresh=False)
    report["last_layer"] = theirs.layers[-1].name
    theirs.fit(images, labels, batch_size=64, verbose=0)
    theirs.save(folder / "theirs.keras")
    theirs.save_weights(folder / "theirs.weights.h5")
    answers = zoo.probabilities(theirs, images)
    answers.astype("<f4").tofile(folder / "theirs.f32")
    if name == "mnist-dense":
        zoo.probabilities(theirs, images, DIVISOR).astype("<f4").tofile(folder / "theirs-divided.f32")
        logits = exact_logits(theirs, images)
        report["largest_logit"] = float(np.abs(logits).max())
        report["error"] = float(np.abs(answers - zoo.softmax(logits)).max())
    return report


def exact_logits(model, images):
    """What the network of section 2.0 answers in float64."""
    a = images.reshape(len(images), -1).astype(np.float64)
    *hidden, last = [[np.asarray(w, np.float64) for w in layer.weights] for layer in model.layers if layer.weights]
    for kernel, bias in hidden:
        a = np.maximum(a @ kernel + bias, 0)
    return a @ last[0] + last[1]


def compare(folder, name, *_):
    """The number of weights that are equal to the bit in all four files."""
    theirs = keras.saving.load_model(folder / "theirs.keras").weights
    own = zoo.build(name)
    own.optimizer = None
    own.load_weights(folder / "again.weights.h5")
    again = keras.saving.load_model(folder / "again.keras").weights
    assert len(theirs) == len(again) == len(own.weights)
    for a, b, c in zip(theirs, again, own.weights):
        a, b, c = (np.asarray(x) for x in (a, b, c))
        assert a.dtype == b.dtype == c.dtype == np.float32 and a.shape == b.shape == c.shape
        assert a.tobytes() == b.tobytes() == c.tobytes(), f"{name}: a weight of shape {a.shape} differs"
    return {"equal": len(theirs)}


def main():
    warnings.simplefilter("error", UserWarning)  # Keras's own
    steps = {"exchange": exchange, "compare": compare}
    folder = Path(sys.argv[2])
    step = steps[sys.argv[1]]
    print(json.dumps({name: step(folder / name, name, *pictures(folder / name)) for name in sys.argv[3:]}))


if __name__ == "__main__":
    main()
