"""What the guide to networks shows runs as it stands there."""

from saliency_zoo import registry
from tests.backends import slow_on_jax
from tests.networks.test_parameters import PUBLISHED
from tests.pages import DOCS, shown

GUIDE = (DOCS / "networks.md").read_text()


@slow_on_jax
def test_the_code_of_the_guide_runs():
    own = "tiny_residual"
    try:
        names = shown("networks.md")
        assert names["network"].output.shape == (None, 10)
        assert names["encoder"].output.shape == (None, 64)
        assert own in registry.networks
    finally:
        registry.unregister("network", own)


def test_the_guide_lists_every_network_and_its_parameters():
    for name in registry.networks:
        assert f"`{name}`" in GUIDE
    for parameters, _ in PUBLISHED.values():
        assert f"{parameters:,}" in GUIDE
