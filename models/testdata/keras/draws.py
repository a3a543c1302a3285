"""The random numbers of the fixtures, reproducible to the bit in Go (models/keras_draws_test.go).

A stream belongs to a seed and a name. Its key is the 64-bit FNV-1a hash of "SEED:NAME"; draw k (from 0) is SplitMix64's
output for the state key + (k+1) * 0x9E3779B97F4A7C15. Everything below is integer arithmetic, exact float64 scaling and
single float64 operations in a fixed order, without log or cos, whose last bits differ between libraries.
"""

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def bits(seed, name, n):
    """n 64-bit words."""
    key = 0xCBF29CE484222325
    for byte in f"{seed}:{name}".encode():
        key = (key ^ byte) * 0x100000001B3 % 2**64
    z = np.arange(1, n + 1, dtype=np.uint64) * GOLDEN + np.uint64(key)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(seed, name, n):
    """n numbers of U(0, 1): the upper 53 bits of a word."""
    return (bits(seed, name, n) >> np.uint64(11)) * 2.0**-53


def normal(seed, name, n):
    """n numbers of nearly N(0, 1): 12 uniforms (words 12k to 12k+11), added as integers, less their mean of 6."""
    words = bits(seed, name, 12 * n) >> np.uint64(11)
    return words.reshape(n, 12).sum(axis=1) * 2.0**-53 - 6


def positions(seed, name, size, sample):
    """Rising positions in a flat tensor: one drawn in each of `sample` equal parts, or all when it is no larger."""
    if sample == 0 or size <= sample:
        return np.arange(size)
    part = np.arange(sample + 1) * size // sample
    widths = (part[1:] - part[:-1]).astype(np.uint64)
    return part[:-1] + (bits(seed, "positions/" + name, sample) % widths).astype(np.int64)


def batch(seed, step, attempt, rows, images):
    """The indices of one step's images, with replacement."""
    return (bits(seed, f"batch/{step}/{attempt}", rows) % np.uint64(images)).astype(np.int32)


def weights(seed, shapes):
    """Weights with which float32 and float64 train alike, as README.md says: {name: shape} in, {name: float32} out.

    Kernels are Glorot uniform, the last one times 0.3; hidden biases U(1, 2); gamma and moving variance U(.5, 1.5);
    the last bias, beta and moving mean N(0, .1).
    """
    last = [name for name in shapes if name.endswith("/kernel")][-1]
    drawn = {}
    for name, shape in shapes.items():
        n, stream = int(np.prod(shape)), "weights/" + name
        match name.rsplit("/")[-1]:
            case "kernel":
                fans = np.prod(shape[:-2], dtype=float) * (shape[-2] + shape[-1])
                limit = np.sqrt(6 / fans) * (0.3 if name == last else 1)
                values = (2 * uniform(seed, stream, n) - 1) * limit
            case "bias" if name != last.replace("kernel", "bias"):
                values = 1 + uniform(seed, stream, n)
            case "gamma" | "moving_variance":
                values = 0.5 + uniform(seed, stream, n)
            case _:
                values = 0.1 * normal(seed, stream, n)
        drawn[name] = values.reshape(shape).astype(np.float32)
    return drawn


def normal_weights(seed, shapes):
    """The weights and biases of section 2.0: N(0, 1)."""
    return {
        name: normal(seed, "weights/" + name, int(np.prod(shape))).reshape(shape).astype(np.float32)
        for name, shape in shapes.items()
    }
