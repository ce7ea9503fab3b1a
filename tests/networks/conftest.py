"""What tests of large networks need."""

import keras
import pytest


@pytest.fixture
def unfilled(monkeypatch):
    """Kernels begin at zero: drawing the values of a large network takes longer than the rest."""

    def zeros(self, shape, dtype=None, **options):
        return keras.ops.zeros(shape, dtype)

    monkeypatch.setattr(keras.initializers.VarianceScaling, "__call__", zeros)
