"""Writes at which epochs real Keras stops, restores and reduces, for train/kerascallbacks_test.go to compare with.

python dump.py    (writes keras.json beside it; make golden does)

Each case is a sequence of an epoch's metrics that is shown to one Keras callback with a model that has one weight, which
after epoch i is i. Numbers that JSON does not have are written as strings.
"""

import json
import math
import os
import random
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

HERE = Path(__file__).resolve().parent
NAN, INF = float("nan"), float("inf")
EPOCHS = 24


def build():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.5), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(np.zeros((2, 1)), np.zeros(2), verbose=0)  # builds the metrics, which mode auto asks
    return model


MODEL = build()


def set_weight(epoch):
    MODEL.set_weights([np.full((1, 1), epoch, np.float32)])


def logs(args, value):
    return {"loss": 0.0, "accuracy": 0.0, "val_loss": 0.0, "val_accuracy": 0.0} | {args.get("monitor", "val_loss"): value}


def early_stopping(args, values):
    callback = keras.callbacks.EarlyStopping(restore_best_weights=True, **args)
    callback.set_model(MODEL)
    MODEL.stop_training = False
    callback.on_train_begin()
    stopped = None
    for epoch, value in enumerate(values):
        set_weight(epoch)
        callback.on_epoch_end(epoch, logs(args, value))
        if MODEL.stop_training:
            stopped = epoch
            break
    callback.on_train_end()
    return {"stopped": stopped, "best_epoch": callback.best_epoch, "weight": float(MODEL.get_weights()[0][0, 0])}


def reduce_lr(args, values):
    callback = keras.callbacks.ReduceLROnPlateau(**args)
    callback.set_model(MODEL)
    MODEL.optimizer.learning_rate = 0.5
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, logs(args, value))
        rates.append(float(np.asarray(MODEL.optimizer.learning_rate)))
    return {"rates": rates}


def random_walk(rng, up):
    """A metric that improves less and less, with noise and ties."""
    value, values = 0.3 if up else 2.0, []
    for _ in range(EPOCHS):
        step = rng.choice([0.0, 0.0625, 0.125, rng.uniform(0, 0.3)]) * rng.choice([1, 1, -1])
        value += step if up else -step
        values.append(value)
    return values


EDGES = [
    [1.0] * EPOCHS,
    [1.0 - i / 64 for i in range(EPOCHS)],
    [1.0 + i / 64 for i in range(EPOCHS)],
    [1.0, 0.5] * (EPOCHS // 2),
    [1.0, NAN, 0.5, NAN, NAN, 0.25] + [0.25] * 18,
    [NAN] + [1.0 - i / 64 for i in range(EPOCHS - 1)],
    [INF, INF, 1.0, -INF] + [0.0] * 20,
    [1.0, 1.0 - 1e-9, 1.0 - 2e-9] + [1.0 - 1e-7] * 21,  # the first are ties of float32
    [1.0, 0.75, 0.5, 0.25, 0.0] * 4 + [-1.0] * 4,
]

STOPS = [
    {},
    {"patience": 1},
    {"patience": 3},
    {"patience": 2, "min_delta": 0.0625},
    {"patience": 2, "min_delta": -0.25},
    {"patience": 3, "baseline": 0.6},
    {"patience": 4, "baseline": 1.0, "min_delta": 0.0625},
    {"patience": 0, "baseline": -5.0},
    {"patience": 2, "start_from_epoch": 5},
    {"patience": 1, "start_from_epoch": 30},
    {"patience": 2, "monitor": "val_accuracy"},
    {"patience": 2, "monitor": "accuracy", "min_delta": 0.0625},
    {"patience": 2, "monitor": "loss"},
    {"patience": 2, "monitor": "val_accuracy", "mode": "min"},
    {"patience": 2, "monitor": "val_loss", "mode": "max", "baseline": 1.2},
]

REDUCTIONS = [
    {},
    {"patience": 0},
    {"patience": 1, "factor": 0.5},
    {"patience": 2, "factor": 0.5, "cooldown": 3},
    {"patience": 1, "factor": 0.5, "cooldown": 1, "min_lr": 0.06},
    {"patience": 2, "factor": 0.2, "min_delta": 0.0625},
    {"patience": 2, "factor": 0.0, "min_lr": 0.01},
    {"patience": 3, "factor": 0.9, "min_delta": 0, "cooldown": 2},
    {"patience": 2, "factor": 0.5, "monitor": "val_accuracy"},
    {"patience": 2, "factor": 0.5, "monitor": "accuracy", "mode": "min"},
    {"patience": 2, "factor": 0.3, "mode": "max", "min_lr": 0.1},
    {"patience": 1, "factor": 0.5, "min_lr": 0.7},
]


def up(args):
    return args.get("mode") == "max" or ("mode" not in args and args.get("monitor", "").endswith("accuracy"))


def cases(name, run, all_args):
    rng = random.Random(7)
    for args in all_args:
        for values in EDGES + [random_walk(rng, up(args)) for _ in range(2)]:
            yield {"callback": name, "args": args, "values": [exact(v) for v in values]} | run(args, values)


def exact(x):
    return x if math.isfinite(x) else str(x)


def main():
    all_cases = [*cases("EarlyStopping", early_stopping, STOPS), *cases("ReduceLROnPlateau", reduce_lr, REDUCTIONS)]
    lines = ",\n".join(json.dumps(case, allow_nan=False) for case in all_cases)
    text = f'{{"keras": {json.dumps(keras.__version__)}, "cases": [\n{lines}\n]}}\n'
    (HERE / "keras.json").write_text(text)
    print(f"{len(all_cases)} cases")


if __name__ == "__main__":
    main()
