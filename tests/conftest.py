"""What the whole suite needs before its first test."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # as the command line sets it
os.environ.pop("SALIENCY_ZOO_CACHE", None)  # the runs of a test share nothing that it does not say

import keras
import pytest

from saliency_zoo.testing.replicas import split_cpu, two_replicas
from tests.backends import TENSORFLOW

if TENSORFLOW:
    split_cpu()  # too late once anything has run on TensorFlow


@pytest.fixture
def replicas():
    """A strategy over two devices, the same one in all tests."""
    if not TENSORFLOW:
        pytest.skip("several devices need the tensorflow backend")
    return two_replicas()


@pytest.fixture
def seeded():
    """Fresh weights are the same whichever tests ran before."""
    keras.utils.set_random_seed(0)
