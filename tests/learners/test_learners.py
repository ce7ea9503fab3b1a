"""Every registered learner keeps the contract."""

import pytest

import saliency_zoo as zoo
from saliency_zoo.networks.network import create
from saliency_zoo.registry import learners
from saliency_zoo.testing import check_learner
from tests.backends import TENSORFLOW, slow_on_jax
from tests.learners.test_options import SIGMOID, conv, dense
from tests.pages import shown


@pytest.fixture(scope="module")
def network():
    return create("thesis_conv", classes=None, image_size=8, filters=4, kernel_size=3)


@pytest.mark.parametrize("name", sorted(learners))
def test_contract(name, network):
    fits = learners.resolve(name)[0].fits
    # Convolutions take JAX three times as long; the next test has some.
    fitting = create(fits, image_size=8, kernel_size=3) if fits else network
    check_learner(name, fitting if fits or TENSORFLOW else dense())


def test_contract_with_corruption_and_untied_decoders(network):
    options = {"corruption": "gaussian", "tied": False, "saliency_weight": [1.0, 0.5, 0.2]}
    check_learner({"name": "dual_path", **options}, network)


@slow_on_jax
def test_contract_of_one_stage(network):
    check_learner("dual_path", network, corruption={"name": "masking", "rate": 0.5}, base=0.1)


@slow_on_jax
def test_contract_of_the_learners_of_the_docs():
    try:
        names = shown("learners.md", "A learner of one's own")  # which checks the first
        zoo.register("learner", "small_codes", names["SmallCodes"])
        check_learner("small_codes", dense(), size_weight=[0.1, 0.0])
    finally:
        zoo.unregister("learner", "colours")
        zoo.unregister("learner", "small_codes")


COMBINATIONS = [
    {"name": "autoencoder", **SIGMOID, "sparsity": "kl", "weight_penalty": 1e-3},
    {"name": "autoencoder", "sparsity": "unit_response", "corruption": "salt_and_pepper"},
    {"name": "autoencoder", "tied": False, "sparsity": {"name": "k_winners", "share": 0.3}},
    {"name": "dual_path", "reduction": "sum", "sparsity": "response", "auxiliary_units": 9},
    {"name": "saliency_decoder", "saliency_distance": "cross_entropy", "weight_penalty": 1.0},
    {"name": "second_decoder", "distance": "absolute"},
]


@pytest.mark.parametrize("spec", COMBINATIONS, ids=lambda spec: "-".join(map(str, spec.values())))
def test_contract_on_a_dense_network(spec):
    check_learner(spec, dense())


@slow_on_jax
@pytest.mark.parametrize(
    "activation", ["relu", "tanh", "leaky_relu", "prelu", "elu", "randomised_leaky_relu"]
)
def test_every_unit_is_trained(activation):
    check_learner("autoencoder", conv(activation=activation))


@slow_on_jax
@pytest.mark.parametrize("pooling", ["max", "average", "saliency"])
@pytest.mark.parametrize("switches", [True, False])
def test_contract_on_a_convolutional_network(pooling, switches):
    check_learner("dual_path", conv(pooling=pooling), switches=switches)
