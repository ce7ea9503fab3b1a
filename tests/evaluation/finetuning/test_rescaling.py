"""Rescaling gives codes another size and nothing else."""

import keras
import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo.evaluation.finetuning.rescaling import check_rescalable, code_deviations, rescale
from saliency_zoo.networks.network import features

IMAGES = np.random.default_rng(0).normal(size=(40, 8, 8, 3)).astype("float32")
NAMES = ["stage1", "stage2", "stage3"]


def network(**options):
    keras.utils.set_random_seed(1)
    return zoo.create("thesis_conv", classes=None, image_size=8, filters=6, **options)


def codes(model):
    return [keras.ops.convert_to_numpy(c) for c in features(model, NAMES)(IMAGES)]


def test_codes_have_the_deviations_asked_for():
    model = network()
    rescale(model, IMAGES, [0.5, 2.0, 1.0])
    assert np.allclose(code_deviations(model, IMAGES), [0.5, 2.0, 1.0], rtol=1e-4)


def test_each_stage_computes_what_it_did_up_to_one_factor():
    model = network()
    for weight in model.weights:  # biases too
        weight.assign_add(0.05 * keras.random.normal(weight.shape, seed=3))
    before = codes(model)
    rescale(model, IMAGES, [5.0, 0.1, 7.0])
    for old, new in zip(before, codes(model), strict=True):
        factor = new.std() / old.std()
        assert np.allclose(new, factor * old, atol=1e-5)
        assert not np.isclose(factor, 1, atol=0.1)


def test_its_own_deviations_change_nothing():
    model = network()
    before = codes(model)
    rescale(model, IMAGES, code_deviations(model, IMAGES))
    assert all(np.allclose(o, n, atol=1e-6) for o, n in zip(before, codes(model), strict=True))


def test_stages_with_more_than_one_kernel_are_refused():
    model = network(normalisation="batch")
    with pytest.raises(zoo.ZooError, match=r"one kernel each\. Received: weights in"):
        rescale(model, IMAGES, [1.0, 1.0, 1.0])


def test_the_check_leaves_the_weights_alone():
    model = network(activation="leaky_relu")
    before = model.get_weights()
    check_rescalable(model)
    assert all(map(np.array_equal, before, model.get_weights()))


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("thesis_dense_small", {"image_size": 8, "units": [6, 5, 4]}),
        ("lenet5", {"image_size": 14, "activation": "relu"}),
        ("vgg11", {"image_size": 32, "blocks": (1, 1, 1, 1, 1), "filters": 2, "units": (4,)}),
        ("thesis_conv", {"image_size": 8, "filters": 2, "pooling": "average"}),
    ],
)
def test_layers_before_a_kernel_are_no_matter(name, arguments):
    check_rescalable(zoo.create(name, classes=None, **arguments))


@pytest.mark.parametrize(
    "option",
    [
        *({"activation": name} for name in ("tanh", "sigmoid", "elu", "gelu")),
        {"normalisation": "local_response"},
        {"normalisation": {"name": "group", "center": False, "scale": False}},
    ],
    ids=str,
)
def test_layers_that_bend_are_refused(option):
    with pytest.raises(zoo.ZooError, match="scales with their input"):
        check_rescalable(network(**option))
