"""The backend that the tests run on, and what is left to one of them."""

import keras
import pytest

TENSORFLOW = keras.backend.backend() == "tensorflow"
# JAX compiles each operation anew for each shape.
slow_on_jax = pytest.mark.skipif(not TENSORFLOW, reason="slow on JAX, and no news")
