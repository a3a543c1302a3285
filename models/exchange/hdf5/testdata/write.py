"""Writes the files of this folder: python write.py, with keras (tensorflow) and h5py.

golden.h5          everything that is read, as h5py writes it
keras.weights.h5   a network of Keras, weights 0, 1/8, 2/8, ...
refused/*.h5       what is not read
"""

import os
import pathlib

import h5py
import numpy as np

here = pathlib.Path(__file__).parent


def golden():
    with h5py.File(here / "golden.h5", "w") as f:
        f.attrs["title"] = "grüße"
        f.attrs["number"] = 5
        f.attrs["list"] = ["a", "b"]
        floats = f.create_group("floats")
        floats["little"] = np.array([[1, -2.5, np.inf], [np.nan, -0.0, 1e-45]], "<f4")
        floats["big"] = np.array([1, -2.5, 3e38], ">f4")
        floats["scalar"] = np.float32(7)
        floats["empty"] = np.zeros((0, 3), "f4")
        floats["little"].attrs["name"] = "kernel"
        for kind in "i1 u1 <i2 >i2 <u2 <i4 >i4 >u4 <i8 >i8 <u8".split():
            low = 0 if "u" in kind else np.iinfo(kind).min
            high = min(np.iinfo(kind).max, 2**63 - 1)
            f["integers/" + kind] = np.array([low, 1, high], kind)
        # In the header itself.
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple((2, 2))
        compact = h5py.h5d.create(f.id, b"compact", h5py.h5t.IEEE_F32LE, space, plist)
        compact.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([[1, 2], [3, 4]], "<f4"))
        # A header that goes on elsewhere, texts of each kind.
        texts = f.create_group("texts")
        texts["more"] = np.int64(1)
        texts.attrs["empty"] = ""
        texts.attrs["fixed"] = np.bytes_("of fixed length")
        texts.attrs["längst"] = "x" * 5000
        utf8 = h5py.string_dtype("utf-8", 12)
        texts.attrs.create("fixed utf-8", "é".encode(), dtype=utf8)
        for i in range(30):
            texts.attrs[f"a{i}"] = f"value {i}"
        # More than a symbol table node has.
        for i in range(20):
            f.create_group(f"many/group {i}")


def keras_weights():
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras

    layers = keras.layers
    image = keras.Input((4, 4, 1))
    x = layers.Conv2D(2, 3, activation="relu", name="first")(image)
    x = layers.BatchNormalization()(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(0.5)(x)
    model = keras.Model(image, layers.Dense(3, activation="softmax")(x), name="small")
    n = 0
    values = []
    for w in model.get_weights():
        values.append((np.arange(n, n + w.size, dtype="f4") / 8).reshape(w.shape))
        n += w.size
    model.set_weights(values)
    model.compile(keras.optimizers.SGD(0.25), "sparse_categorical_crossentropy")
    model.optimizer.build(model.trainable_variables)
    model.optimizer.iterations.assign(3)
    model.save_weights(here / "keras.weights.h5")


def refused():
    def new(name, **options):
        return h5py.File(here / "refused" / (name + ".h5"), "w", **options)

    with new("chunked") as f:
        f.create_dataset("a/x", data=np.arange(4, dtype="f4"), chunks=(2,))
    with new("gzip") as f:
        f.create_dataset("a/x", data=np.arange(4, dtype="f4"), compression="gzip")
    with new("float64") as f:
        f["a/x"] = np.arange(4.0)
    with new("bfloat16") as f:  # as Keras writes it
        f["a/x"] = np.zeros(4, "V2")
    with new("float16") as f:
        f["a/x"] = np.arange(4, dtype="f2")
    with new("text") as f:
        f["a/x"] = "a text"
    with new("boolean") as f:
        f["a/x"] = np.array([True])
    with new("null") as f:
        f["a/x"] = h5py.Empty("f4")
    with new("unwritten") as f:
        f.create_dataset("a/x", (1 << 40,), "f4")
    with new("large") as f:
        f["a/x"] = np.array([2**63], "u8")
    with new("soft") as f:
        f["a/x"] = h5py.SoftLink("/b")
    with new("external") as f:
        f["a/x"] = h5py.ExternalLink("other.h5", "/b")
    with new("elsewhere") as f:
        f.create_dataset("a/x", (2,), "f4", external=[("x.raw", 0, 8)])
    with new("twice") as f:
        f["a/x"] = np.float32(1)
        f["a/y"] = f["a/x"]
    with new("cycle") as f:
        f["a/x"] = f.create_group("a")
    with new("named") as f:
        f["type"] = np.dtype("f4")
        f.create_dataset("x", (1,), f["type"], data=[1])
    with new("ordered") as f:
        f.create_group("a", track_order=True)["x"] = np.float32(1)
    with new("latest", libver="latest") as f:
        f["a/x"] = np.float32(1)
    with new("userblock", userblock_size=512) as f:
        f["a/x"] = np.float32(1)


golden()
keras_weights()
refused()
