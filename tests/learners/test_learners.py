"""Every registered learner keeps the contract."""

import pytest

from saliency_zoo.networks.network import create
from saliency_zoo.registry import learners
from saliency_zoo.testing import check_learner


@pytest.fixture(scope="module")
def network():
    return create("thesis_conv", classes=None, image_size=8, filters=4, kernel_size=3)


@pytest.mark.parametrize("name", sorted(learners))
def test_contract(name, network):
    fits = learners.resolve(name)[0].fits
    check_learner(name, create(fits, image_size=8, kernel_size=3) if fits else network)


def test_contract_with_corruption_and_untied_decoders(network):
    options = {"corruption": "gaussian", "tied": False, "saliency_weight": [1.0, 0.5, 0.2]}
    check_learner({"name": "dual_path", **options}, network)


def test_contract_of_one_stage(network):
    check_learner("dual_path", network, corruption={"name": "masking", "rate": 0.5}, base=0.1)
