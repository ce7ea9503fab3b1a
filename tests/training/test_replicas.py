"""One device and two agree, and so do two backends."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from saliency_zoo.data.pipeline import Batches
from saliency_zoo.data.scaling import Scaling
from saliency_zoo.errors import ZooError
from saliency_zoo.learners.classifier import Classifier
from saliency_zoo.learners.stack import learner
from saliency_zoo.networks.network import create
from saliency_zoo.recipe import Train
from saliency_zoo.training import loop
from saliency_zoo.training.optimizers import make_optimizer
from saliency_zoo.training.strategy import scope

STEPS = 5
SMALL = {"image_size": 12, "filters": 4, "kernel_size": 3, "hidden": 8}
CASES = {
    "autoencoder": {
        "corruption": "masking",
        "sparsity": {"name": "unit_response", "momentum": 0.5},
        "weight_penalty": 0.01,
    },
    "dual_path": {"saliency_weight": 0.5, "corruption": "gaussian"},
    "classifier": {"normalisation": "batch"},
}
needs_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="several devices need the tensorflow backend"
)


def taught_by(name, stage="stage1"):
    options = dict(CASES[name])
    network = create(
        "thesis_conv", classes=3, **SMALL, normalisation=options.pop("normalisation", None)
    )
    taught = (
        Classifier(network) if name == "classifier" else learner(name, network, stage, **options)
    )
    return taught, network


def batches_for(taught, size=8):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (STEPS * size, 14, 14, 3), np.uint8)
    return Batches(
        images,
        Scaling.fit(images),
        size,
        seed=1,
        saliency=random.random(images.shape[:3], np.float32),
        labels=np.arange(len(images)) % 3,
        crop=12,
        noise_shape=taught.noise_shape,
    )


def trained(name, strategy, folder, state=None, **options):
    """Losses by name and the variables after five steps from a state; fresh weights without one."""
    with scope(strategy):
        keras.utils.set_random_seed(0)
        taught, network = taught_by(name)
    if state is not None:
        for variable, value in zip(network.variables + taught.variables, state, strict=True):
            variable.assign(value)
    start = [keras.ops.convert_to_numpy(v) for v in network.variables + taught.variables]
    # A bias before batch normalisation has no gradient but rounding, which Adam would blow up.
    optimizer = "sgd" if name == "classifier" else "adam"
    settings = Train(epochs=1, optimizer=optimizer, **options)
    path = Path(folder) / f"{name}-{strategy is None}.npz"
    done = loop.train(taught, batches_for(taught), settings, path, name, strategy=strategy)
    assert done.step == STEPS
    weights = [keras.ops.convert_to_numpy(v) for v in network.variables]
    return done.history, weights, start


@needs_tensorflow
@pytest.mark.parametrize(
    ("name", "options"),
    [*((name, {}) for name in CASES), *((name, {"parts": 2, "ema": 0.5}) for name in CASES)],
)
def test_two_replicas_equal_one_device(name, options, replicas, tmp_path):
    history, weights, start = trained(name, None, tmp_path, **options)
    same_history, same_weights, _ = trained(name, replicas, tmp_path, start, **options)
    assert [row.keys() for row in history] == [row.keys() for row in same_history]
    for row, other in zip(history, same_history, strict=True):
        for key in row:
            np.testing.assert_allclose(other[key], row[key], atol=1e-5, rtol=1e-5, err_msg=key)
    for a, b in zip(weights, same_weights, strict=True):
        np.testing.assert_allclose(b, a, atol=1e-5)
    assert any(np.any(a != b) for a, b in zip(weights, start, strict=False))


@needs_tensorflow
@pytest.mark.parametrize("name", CASES)
def test_a_logged_mean_is_the_mean_over_the_batch(name, replicas):
    with replicas.scope():
        taught, _ = taught_by(name)
        batch = batches_for(taught).batch(0, 0)
        step = loop.stepper(taught, make_optimizer(Train(learning_rate=0.0), 1), replicas)
    before = [keras.ops.convert_to_numpy(v) for v in taught.non_trainable_variables]
    expected = {k: float(keras.ops.sum(v)) for k, v in taught(batch, training=True).items()}
    for variable, value in zip(taught.non_trainable_variables, before, strict=True):
        variable.assign(value)
    sums = step(batch)
    assert sums.keys() == expected.keys()
    for key, value in expected.items():
        np.testing.assert_allclose(sums[key], value, rtol=1e-5, atol=1e-6, err_msg=key)


@needs_tensorflow
def test_plain_fit_means_the_same_under_two_replicas(replicas):
    histories, start = [], None
    for strategy in (None, replicas):
        with scope(strategy):
            taught, _ = taught_by("autoencoder")
            taught.compile("sgd", jit_compile=False)
        if start is None:
            start = taught.get_weights()
        taught.set_weights(start)
        batch = batches_for(taught).batch(0, 0)
        histories.append(
            taught.fit(batch, batch_size=8, epochs=2, verbose=0, shuffle=False).history
        )
    for key, values in histories[0].items():
        np.testing.assert_allclose(histories[1][key], values, rtol=1e-4, err_msg=key)


@needs_tensorflow
def test_a_batch_that_the_replicas_do_not_divide_is_refused(replicas, tmp_path):
    with replicas.scope():
        taught, _ = taught_by("autoencoder")
    with pytest.raises(ZooError, match="Received") as error:
        loop.train(
            taught,
            batches_for(taught, size=7),
            Train(epochs=1),
            tmp_path / "checkpoint.npz",
            "odd",
            strategy=replicas,
        )
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_the_same_losses_on_both_backends(tmp_path):
    for name in CASES:
        taught, network = taught_by(name, None)
        network.save_weights(tmp_path / f"{name}.network.weights.h5")
        taught.save_weights(tmp_path / f"{name}.learner.weights.h5")
    here = means(tmp_path)
    other = {"tensorflow": "jax", "jax": "tensorflow"}[keras.backend.backend()]
    environment = {**os.environ, "KERAS_BACKEND": other, "TF_CPP_MIN_LOG_LEVEL": "3"}
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
    environment["PYTHONPATH"] = os.pathsep.join([*folders, os.environ.get("PYTHONPATH", "")])
    program = f"import json, test_replicas as t; print(json.dumps(t.means({str(tmp_path)!r})))"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    there = json.loads(done.stdout.splitlines()[-1])
    assert there.keys() == here.keys()
    for key, value in here.items():
        np.testing.assert_allclose(there[key], value, rtol=1e-4, err_msg=key)


def means(folder):
    """What this backend makes of the weights in a folder."""
    found = {}
    for name in CASES:
        taught, network = taught_by(name, None)
        taught.load_weights(Path(folder) / f"{name}.learner.weights.h5")
        network.load_weights(Path(folder) / f"{name}.network.weights.h5")
        losses = taught(batches_for(taught).batch(0, 0), training=False)
        found |= {f"{name}/{k}": float(keras.ops.mean(v)) for k, v in losses.items()}
    return found
