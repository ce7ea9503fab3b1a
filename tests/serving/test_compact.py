"""Compact presets: a quarter of the weights' size, and the same model within rounding."""

import h5py
import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo import cards
from saliency_zoo.data.synthetic import synthetic
from saliency_zoo.serving.compact import compacted
from saliency_zoo.serving.export import export
from tests.runs import PRESET, command, finished_run, preset, refusal  # noqa: F401


@pytest.fixture(scope="module")
def compact(preset, tmp_path_factory):  # noqa: F811
    folder = tmp_path_factory.mktemp("compact")
    assert command("export", preset, "--as", PRESET, "--to", folder, "--compact").code == 0
    return folder / PRESET


def test_it_is_the_same_model_within_rounding(preset, compact):  # noqa: F811
    assert zoo.verify(str(compact)) == []
    images = synthetic(size=12, test=5).split("test").images
    for head in (None, "classifier"):
        whole, small = (zoo.load(str(folder), head=head) for folder in (preset, compact))
        assert all(w.dtype == "float32" for w in small.weights)
        expected, found = np.asarray(whole(images)), np.asarray(small(images))
        assert 0 < np.abs(found - expected).max() < 2e-3 * np.abs(expected).max()


def test_it_leaves_out_decoders_and_saved_models(preset, compact):  # noqa: F811
    whole, small = cards.read_card(preset), cards.read_card(compact)
    left_out = whole["files"].keys() - small["files"].keys()
    assert {path.split("/")[0] for path in left_out} == {"decoders", "serving"}
    assert (small["metrics"], small["name"]) == (whole["metrics"], PRESET)
    with h5py.File(compact / "encoder.weights.h5") as file:
        kinds = set()
        file.visititems(lambda _, item: kinds.add(getattr(item, "dtype", None)))
    assert kinds == {None, np.dtype("float16")}
    assert "weights   float16" in command("show", compact).out


def test_what_needs_the_rest_of_it_says_so(compact, tmp_path):
    said = refusal("serve", compact, "--port", 0)
    assert "`saliency-zoo export NAME --as NAME --to FOLDER` makes" in said
    said = refusal("show", compact, "--picture", "saliency")
    assert "has no decoders/stage1.weights.h5, for it is a compact one" in said
    words = ["export", compact, "--as", PRESET, "--to", tmp_path]
    assert "no SavedModel to number" in refusal(*words, "--compact", "--version", 2)
    assert command(*words).code == 0
    assert (tmp_path / PRESET / "serving/1/saved_model.pb").is_file()
    assert zoo.verify(str(tmp_path / PRESET)) == []


def test_weights_too_large_for_16_bits_are_refused(finished_run, tmp_path):  # noqa: F811
    path = tmp_path / "encoder.weights.h5"
    path.write_bytes((finished_run / path.name).read_bytes())
    with h5py.File(path, "r+") as file:
        found = []
        file.visititems(lambda name, item: found.append(name) if hasattr(item, "dtype") else None)
        file[found[0]][...] = 70000.0
    before = path.read_bytes()
    with pytest.raises(zoo.ZooError, match="export it whole"):
        compacted(tmp_path, cards.read_card(finished_run))
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == before


def test_a_run_makes_one_too(finished_run, tmp_path):  # noqa: F811
    made = export(finished_run, "thesis_conv.small", tmp_path, compact=True)
    assert (zoo.verify(str(made)), cards.read_card(made)["weights"]) == ([], "float16")
