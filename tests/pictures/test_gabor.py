"""Gabor filters answer to what they are named after, and response maps are correlations."""

import itertools

import numpy as np
import pytest

from saliency_zoo.errors import ZooError
from saliency_zoo.pictures.gabor import gabor_bank
from saliency_zoo.pictures.responses import answers


@pytest.mark.parametrize("phase", [0.0, np.pi / 2])
def test_filters_have_unit_norm_and_no_answer_to_an_even_image(phase):
    bank = gabor_bank(phase=phase)
    assert bank.shape == (13, 13, 1, 16)
    assert np.allclose((bank**2).sum(axis=(0, 1, 2)), 1, atol=1e-5)
    assert np.allclose(bank.sum(axis=(0, 1, 2)), 0, atol=1e-5)
    # Half a turn leaves lines as they are and turns edges around.
    assert np.allclose(bank[::-1, ::-1], bank * np.cos(2 * phase), atol=1e-6)


def test_each_filter_answers_most_to_its_own_wave():
    wavelengths, directions = (4.0, 8.0), 4
    bank = gabor_bank(17, wavelengths, directions)[:, :, 0]
    y, x = np.mgrid[:17, :17] - 8
    for k, (wavelength, d) in enumerate(itertools.product(wavelengths, range(directions))):
        angle = np.pi * d / directions
        wave = np.cos(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / wavelength)
        assert np.tensordot(bank, wave, ([0, 1], [0, 1])).argmax() == k


def test_the_first_lines_are_upright():
    upright = gabor_bank(directions=2)[..., 0, 0]
    assert upright[:, 6].min() > 0
    assert upright[6].min() < 0


def test_answers_are_correlations_with_a_mirrored_border():
    rng = np.random.default_rng(0)
    grey, bank = rng.normal(size=(9, 10)), rng.normal(size=(5, 5, 1, 2))
    padded, found = np.pad(grey, 2, mode="reflect"), answers(grey, bank)
    for y, x, k in itertools.product(range(9), range(10), range(2)):
        expected = np.sum(padded[y : y + 5, x : x + 5] * bank[..., 0, k])
        assert found[y, x, k] == pytest.approx(expected)


@pytest.mark.parametrize(
    "options",
    [
        {"size": 4},
        {"wavelengths": ()},
        {"wavelengths": ["a"]},
        {"wavelengths": [2.0]},  # a phase of a quarter turn would leave nothing of it
        {"wavelengths": [14.0]},
        {"wavelengths": [float("nan")]},
        {"directions": 0},
    ],
)
def test_what_is_no_bank_is_refused(options):
    with pytest.raises(ZooError, match="Received: "):
        gabor_bank(**options)
