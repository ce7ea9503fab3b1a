"""Every registered layer keeps the contract, and passes Keras's own harness."""

import keras
import pytest
from keras.src.testing.test_case import TestCase

from saliency_zoo.registry import layers
from saliency_zoo.testing import check_layer, layer_examples

EXAMPLES = [pytest.param(*example[1:], id=example[0]) for example in layer_examples()]


def test_a_layer_is_the_file_of_its_name():
    for name in layers:
        cls, _ = layers.resolve(name)
        if not cls.__module__.startswith("keras."):
            assert cls.__module__ == f"saliency_zoo.layers.{name}"


@pytest.mark.parametrize(("cls", "arguments", "shape"), EXAMPLES)
def test_contract(cls, arguments, shape):
    check_layer(cls, arguments, shape)


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the contract's checks do there"
)
@pytest.mark.parametrize(("cls", "arguments", "shape"), EXAMPLES)
def test_keras_harness(cls, arguments, shape):
    several = isinstance(shape[0], tuple)  # its training takes no lists of outputs
    TestCase().run_layer_test(
        cls, init_kwargs=arguments, input_shape=shape, run_training_check=not several
    )
