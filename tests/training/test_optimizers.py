"""The fused optimizers against Keras's own."""

import keras
import numpy as np
import pytest

from saliency_zoo.recipe import Train
from saliency_zoo.training import optimizers


def run(optimizer, steps=5):
    variables = [keras.Variable(np.ones((3, 2), "float32")), keras.Variable(np.zeros(4, "float32"))]
    optimizer.build(variables)
    rng = np.random.default_rng(1)
    for _ in range(steps):
        gradients = [rng.normal(size=v.shape).astype("float32") for v in variables]
        optimizer.apply([keras.ops.convert_to_tensor(g) for g in gradients], variables)
    return [keras.ops.convert_to_numpy(v) for v in (*variables, *optimizer.variables)]


@pytest.mark.parametrize(
    "options", [{}, {"weight_decay": 0.1}, {"amsgrad": True}, {"clipnorm": 0.1}], ids=str
)
@pytest.mark.parametrize("theirs", [keras.optimizers.Adam, keras.optimizers.AdamW])
def test_steps_equal_those_of_keras(theirs, options):
    rate = keras.optimizers.schedules.CosineDecay(0.01, 5)
    if theirs is keras.optimizers.AdamW:
        options = {"weight_decay": 0.004, **options}
    ours, theirs = optimizers.Adam(rate, **options), theirs(rate, **options)
    for found, expected in zip(run(ours), run(theirs), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_a_recipe_names_its_optimizer(name):
    made = optimizers.make_optimizer(Train(optimizer=name, learning_rate=0.5), 10)
    assert type(made).__name__.lower() == name.removesuffix("w")
    before = np.ones((3, 2), "float32")
    assert not np.allclose(run(made, 1)[0], before)
