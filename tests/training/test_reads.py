"""A step reads its weights before it changes them, however late it comes to that."""

import time

import keras
import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo.layers.dense.standard import ReversibleDense
from saliency_zoo.learners.stack import learner
from saliency_zoo.recipe import Train
from saliency_zoo.training import loop

pytestmark = pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only there")


def logged(monkeypatch, seconds, at_once):
    """What two steps of a stack log, of which the codes without noise are computed late."""
    import tensorflow as tf

    from saliency_zoo.training import step_tensorflow

    original = ReversibleDense.call

    def late(self, inputs, training=None, **options):
        if training or not seconds:
            return original(self, inputs, training, **options)
        with tf.control_dependencies([tf.py_function(lambda: time.sleep(seconds), [], [])]):
            return original(self, inputs, training, **options)

    monkeypatch.setattr(step_tensorflow, "_AT_ONCE", at_once)
    keras.utils.set_random_seed(0)
    network = zoo.create("thesis_dense_small", image_size=4, channels=1, units=[6, 5, 4])
    whole = learner({"name": "autoencoder", "corruption": "gaussian"}, network)
    images = np.random.default_rng(0).normal(size=(2, 8, 4, 4, 1)).astype("float32")
    step = loop.stepper(whole, loop.make_optimizer(Train(learning_rate=0.1), 2))
    with monkeypatch.context() as patch:
        patch.setattr(ReversibleDense, "call", late)
        return step.steps([{"image": each, "noise": 0.5 * np.ones_like(each)} for each in images])


@pytest.mark.parametrize("at_once", [1, 16])
def test_late_reads_are_of_the_weights_before_the_update(monkeypatch, at_once):
    assert logged(monkeypatch, 0.1, at_once) == logged(monkeypatch, 0.0, at_once)
