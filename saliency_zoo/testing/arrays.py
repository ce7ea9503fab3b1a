"""Examples, gradients and comparisons that run on every backend."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


def normal(shape: Sequence[int], seed: int = 0) -> np.ndarray:
    """Normal numbers, float32."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def gradients(loss: Callable[[], Any], variables: Sequence[keras.Variable]) -> list[np.ndarray]:
    """Gradients of `loss()` with respect to any variables that it reads, on either backend.

    Args:
        loss: a function that returns a scalar; changes that it makes to variables are undone.
        variables: what to derive by; a variable that does not count has gradient zero.
    """
    values = [ops.copy(v.value) for v in variables]

    def of(values):
        with keras.StatelessScope(list(zip(variables, values, strict=True))):
            return loss()

    if keras.backend.backend() == "jax":
        import jax

        return [np.array(g) for g in jax.jit(jax.grad(of))(values)]
    import tensorflow as tf  # noqa: TID251

    with tf.GradientTape() as tape:
        tape.watch(values)
        result = of(values)
    found = tape.gradient(result, values, unconnected_gradients="zero")
    return [np.array(tf.convert_to_tensor(g)) for g in found]


def finite(values: Any) -> bool:
    """Whether a tensor holds neither infinities nor what is no number."""
    return bool(np.isfinite(ops.convert_to_numpy(ops.cast(values, "float32"))).all())


def close(given: Any, expected: Any, tolerance: float, what: str) -> None:
    """Refuses outputs that differ by more than a share of the largest expected one."""
    for a, b in zip(keras.tree.flatten(given), keras.tree.flatten(expected), strict=True):
        a, b = (ops.convert_to_numpy(ops.cast(t, "float32")) for t in (a, b))
        expect(a.shape == b.shape, f"{what}: shape {a.shape} instead of {b.shape}")
        error = np.max(np.abs(a - b), initial=0.0)
        allowed = tolerance * max(np.max(np.abs(b), initial=0.0), 1e-3)
        expect(error <= allowed, f"{what}: off by {error:.2g}, {allowed:.2g} is allowed")


def expect(condition: Any, message: str) -> None:
    """Raises an AssertionError unless the condition holds."""
    if not condition:
        raise AssertionError(message)
