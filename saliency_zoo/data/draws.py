"""Random numbers as a function of (seed, epoch, index), with no state to save or to share.

A resumed run, and a run on more devices, draws what the uninterrupted run on one device drew.
"""

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def uniform(seed: int, epoch: int, indices: np.ndarray, count: int, stream: int = 0) -> np.ndarray:
    """Numbers in [0, 1), float32, of shape (len(indices), count).

    Args:
        seed: seed of the run.
        epoch: number of the epoch.
        indices: index of each image in its set.
        count: numbers an image.
        stream: keeps apart what is drawn for different purposes.
    """
    with np.errstate(over="ignore"):
        key = np.uint64(0)
        for part in (seed, epoch, stream):
            key = mix(key + np.uint64(part) + GOLDEN)
        rows = mix(key + np.asarray(indices).astype(np.uint64) * GOLDEN)
        cells = np.arange(count, dtype=np.uint64) * GOLDEN
        bits = mix(rows[:, None] + cells[None, :])
    return (bits >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)


def order(seed: int, epoch: int, count: int) -> np.ndarray:
    """The order in which an epoch visits `count` images."""
    return np.random.default_rng((seed, epoch)).permutation(count)


def mix(x: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): neighbours become unrelated."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
