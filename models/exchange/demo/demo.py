"""Keras's side of demo.sh.

    python demo.py continue FOLDER   zoo.keras, evaluated, trained for an epoch more and evaluated again: continued.keras
    python demo.py compare FOLDER    the four losses and accuracies as a table; fails where the two sides do not agree
"""

import gzip
import json
import os
import sys
from pathlib import Path

DATA = Path(__file__).resolve().parents[3] / "mnist" / "data" / "fashion-mnist"
# One of the 10,000 test pictures may have two classes that are equally likely but for rounding.
ACCURACY, LOSS = 1e-4, 1e-5


def read(kind):
    import numpy as np

    with gzip.open(DATA / f"{kind}-images-idx3-ubyte.gz") as images, gzip.open(DATA / f"{kind}-labels-idx1-ubyte.gz") as labels:
        pixels = np.frombuffer(images.read(), np.uint8, offset=16).reshape(-1, 28, 28, 1)
        return (pixels / 255).astype("float32"), np.frombuffer(labels.read(), np.uint8, offset=8)


def go_on(folder):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras

    keras.utils.set_random_seed(1)
    test = read("t10k")
    model = keras.saving.load_model(folder / "zoo.keras")
    before = model.evaluate(*test, batch_size=256, verbose=0, return_dict=True)
    model.fit(*read("train"), batch_size=64, epochs=1, verbose=2)
    after = model.evaluate(*test, batch_size=256, verbose=0, return_dict=True)
    model.save(folder / "continued.keras")
    (folder / "keras.json").write_text(json.dumps({"before": before, "after": after}))


def compare(folder):
    keras = json.loads((folder / "keras.json").read_text())
    zoo = {"before": json.loads((folder / "zoo.json").read_text()), "after": json.loads((folder / "back.json").read_text())}
    print(f"{'10,000 test pictures':38} {'zoo':>19} {'Keras':>19}")
    worst = {"accuracy": 0.0, "loss": 0.0}
    for when, what in ("before", "after an epoch here"), ("after", "after an epoch more in Keras"):
        a, b = zoo[when], keras[when]
        print(f"{what:38} " + " ".join(f"{x['accuracy']:10.4f} {x['loss']:.6f}" for x in (a, b)))
        worst = {key: max(worst[key], abs(a[key] - b[key])) for key in worst}
    print(f"{'largest difference':38} {worst['accuracy']:10.4f} {worst['loss']:.6f}")
    if worst["accuracy"] > ACCURACY + 1e-9 or worst["loss"] > LOSS:
        sys.exit(f"they do not agree: want accuracies within {ACCURACY:g}, losses within {LOSS:g}")


if __name__ == "__main__":
    {"continue": go_on, "compare": compare}[sys.argv[1]](Path(sys.argv[2]))
