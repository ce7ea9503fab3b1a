"""The published table of ECSSD is what the detectors give for its photographs today."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from saliency_zoo.evaluation.saliency_benchmark.rows import filled
from saliency_zoo.saliency.detect import detect
from saliency_zoo.saliency.metrics import f_curve

RESULTS = Path(__file__).parents[2] / "docs/results/saliency_ecssd.json"
ROWS = {row["detector"]: row for row in json.loads(RESULTS.read_text())["rows"]}
# The map of `shuffled` is that of another photograph, and a network has to be trained first.
ALONE = [name for name, row in ROWS.items() if row["name"] not in ("network", "shuffled")]


@pytest.fixture(scope="module")
def photographs():
    """Photograph and mask by number, decoded when asked for."""
    folder = os.environ.get("SALIENCY_ZOO_REFERENCE")
    if not folder:
        pytest.skip("SALIENCY_ZOO_REFERENCE names no folder of reference images")
    with np.load(Path(folder) / "ecssd_odd500.npz") as packed:
        data = dict(packed)

    def decoded(place: int, what: str, offsets: str, flag: int) -> np.ndarray:
        start, end = data[offsets][place : place + 2]
        return cv2.imdecode(data[what][start:end], flag)

    places = {f"{number:04d}": place for place, number in enumerate(data["index"])}

    def pair(name: str) -> tuple[np.ndarray, np.ndarray]:
        image = decoded(places[name], "jpeg", "off", cv2.IMREAD_COLOR)[..., ::-1]
        mask = decoded(places[name], "mask_png", "mask_off", cv2.IMREAD_GRAYSCALE)
        return image, mask > 127

    return {"names": sorted(places), "pair": pair}


def curve(name: str, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return f_curve(filled(detect(name, image)), mask)


@pytest.mark.parametrize("name", ALONE)
def test_the_best_and_worst_cases_score_what_the_table_says(photographs, name):
    for case in [*ROWS[name]["best"], *ROWS[name]["worst"]]:
        found = curve(name, *photographs["pair"](case["image"])).max()
        # A decoder of another version may round a pixel differently.
        assert found == pytest.approx(case["max_f"], abs=0.02), case


def test_detectors_beat_the_centre_by_what_the_table_says(photographs):
    pairs = [photographs["pair"](name) for name in photographs["names"][::10]]
    score = {
        name: np.mean([curve(name, *pair) for pair in pairs], axis=0).max()
        for name in ("centre", "geodesic", "barrier_plus", "spectral_residual")
    }
    for name, found in score.items():  # 50 of the 500 images
        assert found == pytest.approx(ROWS[name]["metrics"]["max_f"]["value"], abs=0.05)
    assert score["spectral_residual"] < score["centre"] < score["geodesic"]
    assert score["geodesic"] < score["barrier_plus"]
    assert ROWS["combined"]["metrics"]["max_f"]["value"] >= 0.7
