"""Writes config_NAME.json and layout_NAME.json again: what Keras 3.15 saves of each model, for the Go tests.

    python dump.py

config_NAME.json is the member config.json of its .keras file without shared_object_id, which are addresses in
memory. layout_NAME.json is what h5py finds in its model.weights.h5: groups with their attributes, data sets with
shape and type.
"""

import io
import json
import tempfile
import zipfile
from pathlib import Path

import h5py
import numpy as np
import zoo

HERE = Path(__file__).parent


def without_addresses(value):
    if isinstance(value, dict):
        return {k: without_addresses(v) for k, v in value.items() if k != "shared_object_id"}
    if isinstance(value, list):
        return [without_addresses(v) for v in value]
    return value


def layout(content):
    groups, datasets = {}, {}

    def visit(path, item):
        if isinstance(item, h5py.Group):
            groups[path] = dict(item.attrs)
        else:
            datasets[path] = [str(item.dtype), *item.shape]

    with h5py.File(io.BytesIO(content)) as f:
        f.visititems(visit)
    return {"groups": groups, "datasets": datasets}


def main():
    images, labels = np.zeros((4, 28, 28, 1), np.float32), np.zeros(4, np.int32)
    for name in zoo.NAMES:
        model = zoo.build(name)
        model.train_on_batch(images, labels)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            model.save(path)
            with zipfile.ZipFile(path) as z:
                config = without_addresses(json.loads(z.read("config.json")))
                (HERE / f"config_{name}.json").write_text(json.dumps(config) + "\n")
                (HERE / f"layout_{name}.json").write_text(json.dumps(layout(z.read("model.weights.h5"))) + "\n")


if __name__ == "__main__":
    main()
