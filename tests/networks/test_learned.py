"""Learners wrap any network: dense ones, mixed ones, and ones that do not run backwards."""

import keras
import pytest

from saliency_zoo.networks.network import create
from saliency_zoo.testing import check_learner, network_example

# JAX compiles each operation anew for each shape; there one network has to do.
OTHERS = ("lenet5", "resnet20") if keras.backend.backend() == "tensorflow" else ()


@pytest.mark.parametrize("name", ["thesis_dense_small", *OTHERS])
def test_the_dual_path_of_a_network(name):
    network = create(name, classes=None, **network_example(name))
    check_learner("dual_path", network, auxiliary_filters=4, auxiliary_units=8)
