"""What learners compute themselves they compute in 32 bits, whatever the layers do."""

import keras
import numpy as np
import pytest
from keras import ops

import saliency_zoo as zoo
from saliency_zoo.learners.classifier import Classifier
from saliency_zoo.networks.network import stages
from saliency_zoo.recipe import Train
from saliency_zoo.testing import example_batch, gradients
from saliency_zoo.training.loop import stepper
from saliency_zoo.training.optimizers import make_optimizer

RATES = {"distance": "cross_entropy", "decoder_activation": "sigmoid"}


@pytest.fixture(autouse=True)
def _sixteen_bits():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)


def dense(**options):
    """A small dense network on grey images that are no squares."""
    keras.utils.set_random_seed(0)
    size = {"classes": None, "image_size": (4, 6), "channels": 1, "units": [9, 8, 7]}
    return zoo.create("thesis_dense_small", **{**size, **options})


def numbers(value):
    return ops.convert_to_numpy(value)


@pytest.mark.parametrize(
    "spec",
    [
        {"name": "dual_path", "sparsity": "kl", "weight_penalty": 0.1, **RATES},
        {"name": "saliency_decoder", "sparsity": "unit_response", "corruption": "gaussian"},
        {"name": "second_decoder", "sparsity": "k_winners", "tied": False},
    ],
    ids=lambda spec: spec["name"],
)
def test_learners_train(spec):
    network = dense(activation="sigmoid")
    taught = zoo.learner(spec, network)
    batch = example_batch(taught, network)
    sums = stepper(taught, make_optimizer(Train(), 1))(batch)
    assert np.isfinite(list(sums.values())).all()


def test_running_means_and_weights_are_read_whole():
    network = dense()
    sparsity = {"name": "unit_response", "target": 0.3, "momentum": 0.99}
    part = zoo.learner(
        "autoencoder", network, stage="stage1", sparsity=sparsity, weight_penalty=1.0
    )
    batch = example_batch(part, network)
    found = numbers(part(batch, training=True)["weights"])
    kernel = numbers(stages(network)[0].layers[1].kernel)
    np.testing.assert_allclose(found, np.sum(kernel**2), rtol=1e-5)
    codes = numbers(ops.cast(stages(network)[0](batch["image"]), "float32"))
    expected = 0.99 * 0.3 + 0.01 * codes.mean(0)
    np.testing.assert_allclose(numbers(part.sparsity.response), expected, rtol=1e-5)


def test_decoded_rates_keep_their_gradient():
    """In 16 bits a sigmoid of 7 is 1."""
    network = dense(activation="sigmoid")
    part = zoo.learner("autoencoder", network, stage="stage1", **RATES)
    for variable in part.stage.trainable_variables:
        variable.assign(ops.zeros(variable.shape))
    bias = part.decoder.bias.bias
    bias.assign(np.full(bias.shape, 7.0))
    batch = {"image": np.full((2, 4, 6, 1), 0.9, "float32")}
    (found,) = gradients(lambda: ops.mean(part(batch)["reconstruction"]), [bias])
    np.testing.assert_allclose(found * 24, 1 / (1 + np.exp(-7)) - 0.9, rtol=0.01)


def test_a_classifier_counts_its_steps():
    network = dense(classes=3)
    classifier = Classifier(network, saliency_weight=1.0, saliency_steps=1000)
    batch = example_batch(classifier, network)
    first = numbers(classifier(batch)["saliency"])
    classifier._step.assign(999.0)
    np.testing.assert_allclose(numbers(classifier(batch)["saliency"]), first / 1000, rtol=1e-3)
