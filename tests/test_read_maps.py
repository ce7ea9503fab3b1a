"""How much of a map is read from codes."""

import runpy
from pathlib import Path

import numpy as np
import pytest

TOOL = runpy.run_path(str(Path(__file__).parent.parent / "tools" / "read_maps.py"))
COUNT = TOOL["FITTED"] + TOOL["SCORED"]


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_that_codes_explain_is_found(share):
    """Beyond the mean map, which is worth nothing however strong it is."""
    rng = np.random.default_rng(0)
    codes = rng.standard_normal((COUNT, 4))
    told, rest = codes[:, :1] * np.ones(6), rng.standard_normal((COUNT, 6))
    maps = np.sqrt(share) * told + np.sqrt(1 - share) * rest + 10 * np.arange(6)
    assert TOOL["read"](codes, maps) == pytest.approx(share, abs=0.02)


def test_the_part_of_the_mean_map():
    random = np.random.default_rng(0).standard_normal((COUNT, 2))
    assert TOOL["shared"](random + np.array([-1, 1])) == pytest.approx(0.5, abs=0.02)


def test_too_few_images_are_refused(capsys):
    """Else the same ones would fit a reading and score it."""
    assert TOOL["main"](["thesis_conv.dual_path_quickstart"]) == 2
    assert "12000 images without labels are needed. Received: 8000" in capsys.readouterr().err
