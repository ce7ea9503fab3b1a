"""The command line: each verb's help, its output for people and its output for programs."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo import cli, presets
from saliency_zoo.cli.command import read
from saliency_zoo.cli.verbs import NAMES as VERBS
from saliency_zoo.data import image_set
from saliency_zoo.data.images import write_image
from saliency_zoo.evaluation import apply
from saliency_zoo.progress import Progress
from tests.runs import PRESET, command, finished_run, preset, refusal  # noqa: F401

ROOT = Path(zoo.__file__).parent.parent


@pytest.fixture
def photos(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    for name in ("a/1.png", "a/2.png", "b.png"):
        (tmp_path / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        picture = rng.integers(0, 256, (20, 30, 3), dtype="uint8")
        write_image(tmp_path / "photos" / name, picture)
    monkeypatch.chdir(tmp_path)
    return Path("photos")


def help_of(*words, capsys):
    with pytest.raises(SystemExit) as left:
        cli.main([*words, "--help"])
    assert left.value.code == 0
    return capsys.readouterr().out


def test_the_verbs_are_listed(capsys):
    text = help_of(capsys=capsys)
    for verb in VERBS:
        assert re.search(rf"^ +{verb}  +\w", text, re.MULTILINE), verb
    assert "saliency-zoo train quickstart --out runs/quickstart" in text
    with pytest.raises(SystemExit):
        cli.main([])
    assert capsys.readouterr().out == text


@pytest.mark.parametrize("verb", VERBS)
def test_help_has_an_example_that_the_parser_takes(verb, capsys):
    text = help_of(verb, capsys=capsys)
    assert text.startswith(f"usage: saliency-zoo {verb} ")
    assert max(map(len, text.splitlines())) <= 100
    (example,) = re.findall(rf"^example:\n  saliency-zoo ({verb} .+)$", text, re.MULTILINE)
    assert read(example.replace("'", "").split()).verb


@pytest.mark.parametrize(
    ("verb", "default"),
    [
        ("detect", "geodesic"),
        ("train", "auto"),
        ("embed", "code"),
        ("export", "./SavedModels"),
        ("predict", "3"),
    ],
)
def test_help_says_the_defaults(verb, default, capsys):
    text = " ".join(help_of(verb, capsys=capsys).split())
    assert f"default: {default}" in text


def test_version(capsys):
    with pytest.raises(SystemExit) as left:
        cli.main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"saliency-zoo {zoo.__version__}\n"


def test_assignments_may_stand_anywhere():
    for words in ("train r --out d a.b=1 c=2", "train r a.b=1 --out d c=2", "train a.b=1 --out d"):
        parsed = read(words.split())
        assert parsed.out == "d"
    assert read(["train", "r", "a.b=1", "--out", "d", "c=2"]).assignments == ["a.b=1", "c=2"]


def test_train_says_where_things_are(finished_run):  # noqa: F811
    said = command("train", finished_run / "recipe.toml", "--out", finished_run)
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == "test accuracy, folds:"
    assert [line.split()[0] for line in lines[-3:]] == ["encoder:", "pictures:", "next:"]
    for path in [lines[-3].split()[1], *lines[-2].removeprefix("pictures:").split(",")]:
        assert Path(path.strip()).is_file()
    assert f"saliency-zoo export {finished_run} --as thesis_conv.dual_path" in lines[-1]
    left = finished_run / "scratch" / "checkpoints"  # as of a kill in the last moment
    left.mkdir()
    said = command("train", finished_run / "recipe.toml", "--out", finished_run, "--json")
    assert not left.exists()
    assert json.loads(said.out)["accuracy"]["pretrained"]["n"] == 1


def test_detect_keeps_the_places_of_the_images(photos):
    said = command("detect", photos, "--out", "maps", "--detector", "luminance")
    assert (said.code, said.out) == (0, "3 maps in maps\n")
    found = sorted(p.as_posix() for p in Path("maps").rglob("*.png"))
    assert found == ["maps/a/1.png", "maps/a/2.png", "maps/b.png"]
    assert command("detect", photos / "b.png", "--out", "one", "patch=2").out == "1 map in one\n"
    assert Path("one/b.png").is_file()


def test_detect_writes_over_no_image_and_no_other_map(photos):
    before = (photos / "b.png").read_bytes()
    said = refusal("detect", photos, "--out", photos, "--detector", "luminance")
    assert "is one of the images. Take another folder" in said
    shutil.copy(photos / "b.png", photos / "b.jpg")
    said = refusal("detect", photos, "--out", "maps", "normalise=none")
    assert "A picture of a map holds values from 0 to 1" in said
    said = refusal("detect", photos, "--out", "maps", "--detector", "luminance")
    assert "'maps/b.png', which is the map of 'photos/b.jpg'" in said
    assert not Path("maps").exists()
    assert (photos / "b.png").read_bytes() == before


def test_large_photographs_are_embedded_a_few_at_a_time(photos, preset, monkeypatch):  # noqa: F811
    command("embed", photos, "--model", preset, "--out", "whole.npz")
    monkeypatch.setattr(apply, "_PIXELS", 1)
    joins, original = [], apply._joins
    monkeypatch.setattr(apply, "_joins", lambda *a: joins.append(original(*a)) or joins[-1])
    command("embed", photos, "--model", preset, "--out", "few.npz")
    assert joins == [False] * 3
    whole, few = (np.load(f"{name}.npz")["codes"] for name in ("whole", "few"))
    np.testing.assert_allclose(few, whole, atol=1e-6)


def test_embed_writes_codes_and_paths(photos, preset):  # noqa: F811
    said = command("embed", photos, "--model", preset, "--out", "c.npz", "--stage", "stage2")
    assert (said.code, said.out) == (0, "codes of 3 images in c.npz\n")
    with np.load("c.npz") as found:
        assert found["paths"].tolist() == ["a/1.png", "a/2.png", "b.png"]
        assert found["codes"].shape == (3, 2, 2, 4)


def test_predict_names_classes_by_their_share(photos, preset):  # noqa: F811
    images = [photos / "b.png", photos / "a/1.png"]
    rows = json.loads(command("predict", preset, *images, "--json").out)
    assert [row["image"] for row in rows] == ["photos/b.png", "photos/a/1.png"]
    for row in rows:
        scores = [c["score"] for c in row["classes"]]
        assert len(scores) == 3
        assert 1 >= sum(scores) >= scores[0] >= scores[1] >= scores[2] > 0
    whole = json.loads(command("predict", preset, images[0], "--top", "10", "--json").out)
    assert sum(c["score"] for c in whole[0]["classes"]) == pytest.approx(1)
    text = command("predict", preset, *images).out.splitlines()
    assert text[0].startswith("photos/b.png: ")


def test_evaluate_says_what_the_card_says(preset):  # noqa: F811
    words = ["evaluate", preset, "--data", "synthetic", "test=20"]
    row = json.loads(command(*words, "--json").out)
    mean = presets.card(str(preset))["metrics"]["accuracy"]["pretrained"]["mean"]
    assert (row["images"], row["accuracy"]) == (20, pytest.approx(mean))
    expected = f"accuracy {100 * mean:.2f} % on 20 test images of synthetic\n"
    assert command(*words).out == expected


def test_evaluate_goes_by_the_names_of_the_classes(preset, tmp_path):  # noqa: F811
    test = image_set.load("synthetic", size=12, test=20, train=0, unlabelled=0).split("test")
    names = presets.card(str(preset))["model"]["class_names"]
    for file, labels, order in (("a", test.labels, names), ("b", 9 - test.labels, names[::-1])):
        arrays = {"x_test": test.images, "y_test": labels, "class_names": order}
        np.savez(tmp_path / f"{file}.npz", **arrays)
    scores = [zoo.evaluate(str(preset), f"npz:{tmp_path / name}.npz") for name in "ab"]
    expected = zoo.evaluate(str(preset), "synthetic", test=20)["accuracy"]
    assert [row["accuracy"] for row in scores] == [expected, expected]


def test_export_says_where_the_preset_is_and_replaces_when_forced(finished_run, tmp_path):  # noqa: F811
    words = ["export", finished_run, "--as", PRESET, "--to", tmp_path]
    assert command(*words).out == f"preset: {tmp_path / PRESET}\n"
    (tmp_path / PRESET / "card.json").write_text("damaged")
    assert command("verify", tmp_path / PRESET).code == 2
    assert command(*words, "--force").code == 0
    assert command("verify", tmp_path / PRESET).out == f"{tmp_path / PRESET}: as its card says\n"
    assert [p.name for p in tmp_path.iterdir()] == [PRESET]


def test_verify_without_presets_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(presets, "folders", lambda: [str(tmp_path)])
    said = command("verify")
    assert (said.code, said.out, said.err) == (0, "", f"no preset in {tmp_path}\n")
    assert json.loads(command("verify", "--json").out) == {}


def test_a_reader_that_leaves_early_is_no_error():
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-m", "saliency_zoo", "list"]
    with subprocess.Popen(
        line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as listing:
        listing.stdout.close()
        assert listing.stderr.read() == b""
        assert listing.wait() == 0


def test_progress_is_plain_lines_where_there_is_no_terminal(capsys):
    progress = Progress("work", 3, done=1, unit="thing", every=0.0)
    progress.advance(note="loss 2")
    progress.advance()
    progress.close("loss 1")
    out, err = capsys.readouterr()
    first, _, last = err.splitlines()
    assert out == ""
    assert re.fullmatch(r"work: 2/3, [\d.]+ thing/s, \d+ s left, loss 2", first)
    assert re.fullmatch(r"work: 3/3, [\d.]+ thing/s, loss 1", last)


def test_progress_is_a_bar_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    progress = Progress("work", 4, done=2)
    progress.advance(2)
    progress.close("done")
    last = capsys.readouterr().err.splitlines()[-1]
    assert re.search(r"work: 100%.* 4/4 \[.*step/s, done\]", last)
