"""Three hidden units find a code for eight inputs, as the page about it says."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("tool", ROOT / "tools" / "code_learning.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def learnt(tool):
    return tool.learn(seed=1)


def test_all_eight_inputs_come_back_and_no_two_share_a_code(learnt):
    inputs, codes, outputs = learnt
    assert codes.shape == (8, 3)
    assert np.array_equal(np.round(outputs), inputs)
    assert np.abs(outputs - inputs).max() < 0.1
    gaps = np.abs(codes[:, None] - codes[None]).max(-1)
    assert gaps[~np.eye(8, dtype=bool)].min() > 0.3


def test_the_table_says_it_and_the_picture_shows_it(tool, learnt):
    lines = tool.table(*learnt).splitlines()
    found = [re.fullmatch(r"([01]{8})   (\d\.\d\d ){3}  ([01]{8})", line) for line in lines[1:]]
    assert [(m[1], m[3]) for m in found] == [(f"{2**k:08b}",) * 2 for k in range(7, -1, -1)]
    assert tool.drawn(*learnt).shape[2] == 3
