"""Each kind of picture of a preset, from Python and from the command line."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo import cards, registry
from saliency_zoo.data.images import read_image, write_image
from saliency_zoo.data.scaling import Scaling
from saliency_zoo.pictures.filters import _seen
from saliency_zoo.pictures.mosaic import as_map
from saliency_zoo.pictures.output import on_screen
from saliency_zoo.pictures.picture import images_of
from saliency_zoo.pictures.subject import Subject
from tests.runs import PRESET, RECIPE, command, finished_run, preset, refusal  # noqa: F401

KINDS = sorted(registry.pictures)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def images(count=3, *shape):
    return np.random.default_rng(0).integers(0, 256, (count, *(shape or (12, 12, 3))), np.uint8)


def trained(folder, *changes):
    """A run of a few steps without labels."""
    (folder / "tiny.toml").write_text(RECIPE.partition("[finetune]")[0])
    words = ["--out", folder / "run", "train.max_steps=1", *changes]
    said = command("train", folder / "tiny.toml", *words)
    assert said.code == 0, said.err
    return folder / "run"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_and_written(preset, kind):  # noqa: F811
    said = command("show", preset, "--picture", kind)
    assert (said.code, said.out) == (0, f"picture: {PRESET}.{kind}.png\n"), said.err
    drawn = zoo.picture(preset, kind)
    assert (drawn.dtype, drawn.ndim, drawn.shape[2]) == (np.uint8, 3, 3)
    assert np.array_equal(read_image(f"{PRESET}.{kind}.png"), drawn)
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) > 10


def test_the_kinds_are_listed_and_explained():
    lines = command("show", "any", "--picture", "list").out.splitlines()
    assert [line.split()[0] for line in lines] == KINDS
    assert all(len(line.split()) > 5 for line in lines)
    assert json.loads(command("show", "any", "--picture", "list", "--json").out).keys() == {*KINDS}
    assert "unit = None" in command("show", "picture:filters").out


def test_a_run_is_drawn_like_its_preset(finished_run, preset):  # noqa: F811
    for kind in ("filters", "saliency"):
        said = command("show", finished_run, "--picture", kind, "--out", "new/a.png", "--json")
        assert json.loads(said.out) == {"picture": "new/a.png"}
        titles = 40  # pixels at the top, where the name stands
        drawn = zoo.picture(preset, kind)
        assert np.array_equal(read_image("new/a.png")[titles:], drawn[titles:])


def test_curves_are_those_of_a_run_that_has_not_finished_too(finished_run):  # noqa: F811
    Path("running").mkdir()
    shutil.copy(finished_run / "history.csv", "running/history.csv")
    whole = zoo.picture(finished_run, "curves")
    assert zoo.picture("running", "curves").shape == whole.shape
    Path("running/history.csv").write_text("phase,epoch,step,objective,mean\n")
    with pytest.raises(zoo.ZooError, match="has not finished an epoch"):
        zoo.picture("running", "curves")


@pytest.mark.parametrize(("kind", "file"), [("curves", "history.csv"), ("saliency", "recipe.toml")])
def test_no_picture_is_drawn_of_what_has_changed(finished_run, kind, file):  # noqa: F811
    shutil.copytree(finished_run, "changed")
    Path("changed", file).write_text(Path("changed", file).read_text() + "\n")
    said = refusal("show", "changed", "--picture", kind)
    assert f"A file of the preset is damaged: {file} does not match its checksum." in said


def test_options_choose_units_and_stages(preset):  # noqa: F811
    one = zoo.picture(preset, "deep_filters", stage="stage3", unit=2)
    words = ["show", preset, "--picture", "deep_filters", "--out", "a.png"]
    assert command(*words, "stage=stage3", "unit=2").code == 0
    assert np.array_equal(read_image("a.png"), one)
    for other in (["stage=stage3", "unit=3"], ["stage=stage2", "unit=2"]):
        assert command(*words, *other).code == 0
        assert not np.array_equal(read_image("a.png")[60:], one[60:])


@pytest.mark.parametrize("how", ["standardise", "zca", "spectral"])
def test_weights_of_pixels_give_the_same_answers(how):
    some = images(40, 6, 6, 3)
    found = np.random.default_rng(1).normal(size=(2, 6, 6, 3))
    scaling = Scaling.fit(some, how)
    as_pixels = _seen(SimpleNamespace(scaling=scaling), found, True)
    numbers = scaling(some[:1]) - scaling(some[1:2])
    pixels = (some[:1] / 255) - (some[1:2] / 255)
    answers = (found * numbers).sum((1, 2, 3))
    assert np.allclose((as_pixels * pixels).sum((1, 2, 3)), answers, rtol=1e-3, atol=1e-3)


def test_images_come_from_where_they_are_asked_for(preset):  # noqa: F811
    subject = Subject(preset)
    scenes = images_of(subject)
    assert scenes.shape == (1000, 12, 12, 3)
    spec = {"name": "synthetic", "seed": cards.read_card(preset)["golden"]["seed"], "test": 1000}
    assert np.array_equal(images_of(subject, spec), scenes)
    write_image("photo.png", images(1, 30, 20, 3)[0])
    assert np.array_equal(images_of(subject, "photo.png"), images(1, 30, 20, 3))
    assert subject.crops(images_of(subject, "photo.png")).shape == (1, 8, 8, 3)
    write_image("photos/1.png", images(1)[0])
    assert images_of(subject, "folder:photos").shape == (1, 12, 12, 3)
    words = ["--picture", "saliency", "--data", '{name="synthetic", variant="salient_distractors"}']
    assert command("show", preset, *words, "count=2").code == 0


def test_after_joint_training_the_own_code_is_decoded_as_well(tmp_path, preset):  # noqa: F811
    run = trained(tmp_path, "train.joint_epochs=1")
    row, line = 8 * 8 + 3, 19  # pixels enlarged eight times and a gap; a line of the note
    for kind in ("reconstructions", "saliency"):
        greedy, drawn = (zoo.picture(name, kind, count=3) for name in (preset, run))
        assert drawn.shape[0] - greedy.shape[0] in (row + line, row + 2 * line)
    subject = Subject(run)
    codes = subject.encoder(subject.scaled(subject.crops(images_of(subject)[:1])))
    expected = as_map(subject.joint.decode_saliency(codes)[0]).repeat(8, 0).repeat(8, 1)
    last = drawn[-12 - 64 : -12, :, :1]
    assert any(np.array_equal(last[:, x : x + 64], expected) for x in range(last.shape[1]))


def test_it_is_shown_on_a_screen_where_there_is_one(preset, monkeypatch):  # noqa: F811
    assert "There is no screen here" in refusal("show", preset, "--picture", "curves", "--screen")
    assert not list(Path().iterdir())
    shown = []
    monkeypatch.setattr("matplotlib.pyplot.get_backend", lambda: "inline")
    monkeypatch.setattr("matplotlib.pyplot.show", lambda: shown.append(matplotlib.pyplot.gcf()))
    on_screen(drawn := zoo.picture(preset, "filters"))
    assert np.array_equal(shown[0].axes[0].images[0].get_array(), drawn)
    matplotlib.pyplot.close("all")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--picture filtres", "Unknown picture. Did you mean 'filters'?"),
        ("--picture filters unti=1", "Unknown option of picture 'filters'. Did you mean 'unit'?"),
        ("--picture filters unit=4", "A unit is a number from 0 to 3, or a list. Received: 4"),
        ("--picture filters unit=x", "unit of filters is an integer or a list. Received: 'x'"),
        ("--picture filters count=0", "count of a picture is at least 1. Received: 0"),
        ("--picture saliency count=0", "count of a picture is at least 1. Received: 0"),
        ("--picture responses count=0", "count of a picture is at least 1. Received: 0"),
        ("--picture inversion top=0", "top of a picture is at least 1. Received: 0"),
        ("--picture filters --data synthetic", "'filters' is drawn without images."),
        ("--picture filters --out a.jpg", "its file ends in .png. Received: 'a.jpg'"),
        (
            "--picture filters --out a.png --screen",
            "is shown (--screen) or written (--out), not both.",
        ),
        ("--picture filters data=x", "data is an argument of the command"),
        ("--picture deep_filters stage=stage9", "Unknown stage of 'thesis_conv.tiny'."),
        ("--picture auxiliary stage=stage3", "Unknown stage with such weights."),
        ("--picture inversion unit=9", "A unit is a number from 0 to 3"),
        ("--picture responses bank=gabbor", "Unknown bank of filters. Did you mean 'gabor'?"),
        ("--picture responses image=-1", "An image is a number from 0 to 999. Received: -1"),
        ("--picture saliency --data none.png", "Cannot open an image file."),
        ("--picture saliency --data {seed=1}", "The image set is given by its name or by a table"),
        ("--picture saliency --data folder:none", "There is no 'none'"),
        ("--out a.png", "and a picture (--picture KIND). Received: 'a.png'"),
        ("--screen", "Received: '--screen'"),
        ("unit=3", "Only an image set takes more words"),
    ],
)
def test_wrong_words_get_one_sentence(preset, words, sentence):  # noqa: F811
    assert sentence in refusal("show", preset, *words.split())
    assert not list(Path().iterdir())


def test_a_sheet_of_an_image_set_is_a_picture_too():
    words = ["show", "data", "synthetic", "size=12", "train=20", "test=20", "unlabelled=0"]
    assert command(*words, "--out", "sheet.png").code == 0
    assert read_image("sheet.png").shape[2] == 3
    assert "--out FILE writes a sheet" in refusal(*words, "--picture", "filters")
    assert "ends in .png. Received: 'a.jpg'" in refusal(*words, "--out", "a.jpg")
    assert "There is no screen here" in refusal(*words, "--screen")


def test_what_a_preset_does_not_hold_is_said_in_one_sentence(tmp_path):
    run = trained(tmp_path, "learner.name=autoencoder", "data.scaling=image")
    for kind, sentence in {
        "saliency": "The learner decodes no saliency: those with a saliency_weight do.",
        "saliency_weights": "There is no saliency decoder",
        "auxiliary": "There is no auxiliary encoder: the learner dual_path has one.",
        "filters pixels=true": "here each image is scaled for itself",
    }.items():
        assert sentence in refusal("show", run, "--picture", *kind.split())
    drawn = zoo.picture(run, "reconstructions")
    assert drawn.shape[2] == 3
    shutil.rmtree(run / "decoders")
    assert "decoders/stage1.weights.h5 is missing" in refusal(
        "show", run, "--picture", "reconstructions"
    )


def test_a_network_whose_code_is_a_map_has_decoded_maps_and_no_more(tmp_path):
    run = trained(tmp_path, "network={name='saliency_conv', filters=2}", "learner.name=imitation")
    for kind in ("filters", "deep_filters", "saliency", "inversion", "responses"):
        assert zoo.picture(run, kind).shape[2] == 3
    said = refusal("show", run, "--picture", "reconstructions")
    assert "The learner decodes no images" in said
    assert "There is no saliency decoder" in refusal("show", run, "--picture", "saliency_weights")


def test_dense_networks_have_pictures_too(tmp_path):
    network = "network={name='thesis_dense_small', units=[6, 5, 4]}"
    run = trained(tmp_path, network, "data.crop=12")
    assert read_image(run / "filters.png").shape[2] == 3
    for kind in KINDS:
        if kind != "responses":
            assert zoo.picture(run, kind).shape[2] == 3
    assert "take bank='gabor'" in refusal("show", run, "--picture", "responses")
    assert zoo.picture(run, "responses", bank="gabor").shape[2] == 3
