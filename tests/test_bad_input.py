"""Bad input gets one sentence and exit code 2, before any training, and leaves nothing behind."""

import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo.data.images import write_image
from saliency_zoo.files import locked, replacing
from tests.runs import PRESET, RECIPE, Said, command, finished_run, preset, refusal  # noqa: F401

ROOT = Path(zoo.__file__).parent.parent


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder to work in: images with and without labels, a broken one, a recipe."""
    rng = np.random.default_rng(0)

    def images(folder, count):
        (tmp_path / folder).mkdir(parents=True)
        for number in range(count):
            picture = rng.integers(0, 256, (9, 10, 3), dtype="uint8")
            write_image(tmp_path / folder / f"{number}.png", picture)

    for folder, count in {"photos/cat": 8, "photos/dog": 8, "loose": 20, "broken": 20}.items():
        images(folder, count)
    (tmp_path / "broken/7.png").write_bytes(b"no image")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("a file")
    (tmp_path / "tiny.toml").write_text(RECIPE)
    labels = np.arange(40) % 3
    pictures = rng.integers(0, 256, (40, 12, 12, 3), dtype="uint8")
    three = {"x": pictures[:32], "x_train": pictures, "x_test": pictures, "y_test": labels}
    np.savez(tmp_path / "three.npz", y_train=labels, **three)
    np.savez(tmp_path / "one.npz", y_train=labels * 0, **{**three, "y_test": labels * 0})
    np.savez(tmp_path / "wrong.npz", y_train=labels, class_names=["a", "b"], **three)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SALIENCY_ZOO_DATA", raising=False)
    return tmp_path


def tree(folder):
    return {str(p): p.is_file() and p.read_bytes() for p in sorted(folder.rglob("*"))}


def npz(name):
    return [f"data.name=npz:{name}.npz", "evaluate.protocol=full", "evaluate.folds=1"]


FOLDER = ["evaluate.protocol=full", "train.batch_size=8"]


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        # What is named is there, or its near miss.
        (["network.name=thesisconv"], "Unknown network. Did you mean 'thesis_conv'?"),
        (["learner.name=dualpath"], "Unknown learner. Did you mean 'dual_path'?"),
        (["saliency.name=geodesik"], "Unknown detector. Did you mean 'geodesic'?"),
        (["data.name=synthetik"], "Unknown dataset. Did you mean 'synthetic'?"),
        (["evaluate.protocol=fold"], "Unknown protocol. Did you mean 'folds'?"),
        (["network.pooling=maxx"], "Unknown pooling. Did you mean 'max'?"),
        (["network.activation=relux"], "Unknown activation. Did you mean 'relu'?"),
        (["learner.corruption=gauss"], "Unknown corruption. Did you mean 'gaussian'?"),
        (["trian.epochs=1"], "Unknown key of the recipe. Did you mean 'train'?"),
        (["train.epoch=1"], "Unknown key of [train]. Did you mean 'epochs'?"),
        # Options that there are not.
        (["network.filter=3"], "Unknown option of network 'thesis_conv'. Did you mean 'filters'?"),
        (["learner.tie=true"], "Unknown option of learner 'dual_path'. Did you mean 'tied'?"),
        (["learner.stage=0"], "Unknown option of learner 'dual_path'."),
        (["saliency.patch=2"], "Unknown option of detector 'luminance'."),
        (["saliency.images=2"], "Unknown option of detector 'luminance'."),
        (["data.options.trains=1"], "Unknown option of dataset 'synthetic'. Did you mean 'train'?"),
        (["network.pooling={name='max', q=2}"], "Unknown option of layer 'pooling.max'."),
        # Options of a wrong type or out of range.
        (["network.filters=many"], "filters of thesis_conv is an integer. Received: 'many'"),
        (["network.filters=true"], "filters of thesis_conv is an integer. Received: True"),
        (["network.filters=1.5"], "filters of thesis_conv is an integer. Received: 1.5"),
        (["network.filters=0"], "Each count in filters is a whole number, at least 1. Received"),
        (["network.hidden=-1"], "'thesis_conv' does not take these options"),
        (["network.dropout=2.0"], "'thesis_conv' does not take these options"),
        (["network.dropout=nan"], "network.dropout is a finite number. Received: nan"),
        (["network.pooling=3"], "pooling of thesis_conv is a string or a table"),
        (["network.pooling={name='lp', p='two'}"], "p of pooling.lp is a number. Received: 'two'"),
        (
            ["learner.corruption={name='masking', rate='high'}"],
            "rate of corruption.masking is a number. Received: 'high'",
        ),
        (
            ["network.activation={name='randomised_leaky_relu', lower='a'}"],
            "lower of activation.randomised_leaky_relu is a number. Received: 'a'",
        ),
        (["learner.saliency_weight=abc"], "saliency_weight of dual_path is a number."),
        (["learner.saliency_weight=true"], "saliency_weight of dual_path is a number."),
        (["learner.saliency_weight=-1"], "saliency_weight is at least 0. Received: -1"),
        (["learner.saliency_weight=inf"], "learner.saliency_weight is a finite number."),
        (["learner.saliency_weight=[1,2]"], "one value for each of the 3 stages. Received: [1, 2]"),
        (["learner.saliency_weight=[1,2,'x']"], "saliency_weight of dual_path is a number."),
        (["learner.auxiliary_filters=0"], "'dual_path' does not take these options"),
        (
            [
                "learner.distance=['cross_entropy','squared','squared']",
                "learner.decoder_activation=['sigmoid','linear','linear']",
            ],
            "needs data.scaling = 'unit', pixels in [0, 1]. Received: data.scaling = 'standardise'",
        ),
        (["learner.distance=square"], "Unknown distance. Did you mean 'squared'?"),
        (["saliency={name='geodesic', patch=0}"], "patch is a whole number of at least 1."),
        (["saliency.base=-1"], "base is a number of at least 0. Received: -1"),
        (["data.options.train=some"], "train of synthetic is an integer. Received: 'some'"),
        (["data.options.train=-1"], "train of synthetic is at least 0. Received: -1"),
        (["train.epochs=true"], "train.epochs is an integer. Received: True"),
        (["train.seed=99999999999"], "train.seed is at most 4000000."),
        # What the data decide.
        (["network.classes=0"], "network.classes is no option of a recipe: the labels decide it."),
        (["network.image_size=99"], "network.image_size is no option of a recipe"),
        (["network.channels=1"], "network.channels is no option of a recipe"),
        (["data.crop=13"], "data.crop is at most data.size, here 12. Received: 13"),
        (["data.crop=4"], "Images of at least 8x8 pixels are needed for this depth."),
        (["train.batch_size=33"], "A batch is no larger than the 32 images, and one at least."),
        (["evaluate.folds=9"], "defines 2 folds. Received: 9"),
        (
            ["finetune.code_scale=fresh", "network.normalisation=batch"],
            "stages with one kernel each",
        ),
        (
            ["finetune.code_scale=fresh", "network.activation=tanh"],
            "output scales with their input",
        ),
        (["data.options.folds=0"], "defines no folds: use evaluate.protocol = 'seeded_folds'"),
        (["data.options.unlabelled=0"], "data.pretrain_on = 'unlabelled' needs images in"),
        (["data.options.test=0"], "Fine-tuning needs images in train and test."),
        (["data.name=folder:loose", *FOLDER], "Fine-tuning needs images in train and test."),
        (["data.name=folder:photos", *FOLDER], "data.pretrain_on = 'unlabelled' needs images in"),
        # Data that are not there or not whole.
        (["data.name=npz:none.npz"], "There is no 'none.npz' in '.', where the paths of data"),
        (["data.name=folder:none"], "names or, without it, in that of the recipe."),
        (["data.name=folder:/none"], "There is no such folder of images. Received: /none"),
        (["data.name=folder:empty"], "The folder holds no image"),
        (["data.name=npz:file"], "Not a whole .npz file of plain arrays."),
        (["data.name=npz"], "Data set 'npz' is named 'npz:PATH'. Received: 'npz'"),
        (["data.name=folder:broken", *FOLDER], "Cannot decode image broken/7.png"),
        (npz("one"), "Fine-tuning needs two classes at least. Received: 1 in 'one'"),
        (npz("wrong"), "with 2 classes lie in 0..1. Received: 2 at position 2 of train"),
        # Where the run goes.
        (["--out", "file"], "A file is where a folder is needed. Received: 'file'"),
        (["--out", "file/run"], "A file is where a folder is needed. Received: 'file/run'"),
        (["--out", "/proc/run"], "No such file or directory. Received: '/proc/run'"),
        (["--out", "photos"], "A run begins in a folder of its own, new or empty."),
        (["--strategy", "mirror"], "Unknown strategy. Did you mean 'mirrored'?"),
        (["train.epochs"], "Unknown argument of train; a value is replaced by dotted.path=value."),
        (["--flip"], "Unknown argument of train"),
    ],
)
def test_train_refuses_before_it_begins(place, overrides, sentence):
    before = tree(place)
    said = refusal("train", "tiny.toml", "--out", "run", *overrides)
    assert sentence in said
    assert "Received: " in said or "eceived" in said
    assert tree(place) == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("lst", "Unknown command. Did you mean 'list'?"),
        ("show thesis_konv", "Unknown name. Did you mean 'thesis_conv'?"),
        ("show layer:thesis_conv", "Unknown name."),
        ("show empty", "it is no preset, or its run has not finished. Received: 'empty'"),
        ("train none.toml --out run", "Unknown recipe"),
        ("train", "The following arguments are required: RECIPE; see"),
        ("train tiny.toml", "A run needs a folder: --out DIR. Received: none"),
        ("detect none.png --out maps", "Cannot open an image file. Received: none.png"),
        ("detect broken --out maps", "Cannot decode image broken/7.png"),
        ("detect empty --out maps", "The folder holds no image file. Received: 'empty'"),
        ("detect loose --out maps --detector geodesik", "Did you mean 'geodesic'?"),
        ("detect loose --out maps patch=x", "patch of geodesic is an integer. Received: 'x'"),
        ("detect loose --out maps patch=-1", "patch is a whole number of at least 1."),
        ("detect loose --out maps pach=1", "Did you mean 'patch'?"),
        ("detect loose --out maps name=1", "name is an argument of the command"),
        ("detect loose --out file", "A file is where a folder is needed. Received: 'file'"),
        ("detect loose --out /proc/maps", "No such file or directory. Received: '/proc/maps'"),
        ("new none", "There is no such folder of images. Received: none"),
        ("new empty", "The folder holds no image"),
        ("new photos --out file", "The recipe's file is there already"),
        ("new photos --out file/new.toml", "Cannot write a file"),
        ("evaluate none --data synthetic", "Unknown preset."),
        ("evaluate PRESET --data folder:photos", "The classifier knows 10 classes. Received: 2"),
        ("evaluate PRESET --data npz:three.npz", "The classifier knows 10 classes. Received: 3"),
        ("evaluate PRESET --data folder:loose", "Received: 0 classes in 'folder:loose'"),
        ("evaluate PRESET --data synthetic test=0", "Unknown split of image set 'synthetic'."),
        ("evaluate PRESET --data synthetic tets=1", "Did you mean 'test'?"),
        ("evaluate PRESET --data synthetic data=1", "data is an argument of the command"),
        ("evaluate PRESET --data npz:none.npz", "There is no 'none.npz' in '.'"),
        ("embed none --model PRESET --out c.npz", "There is no such folder. Received: 'none'"),
        ("embed empty --model PRESET --out c.npz", "The folder holds no image file."),
        ("embed broken --model PRESET --out c.npz", "Cannot decode image broken/7.png"),
        ("embed loose --model PRESET --out c.npz --stage stage9", "Did you mean 'stage3'?"),
        ("embed loose --model PRESET --out empty", "Cannot write a file: a folder of this name"),
        ("embed loose --model PRESET --out file/c.npz", "Cannot write a file: File exists."),
        ("embed loose --model PRESET --out /proc/c.npz", "Cannot write a file: No such file"),
        ("predict PRESET none.png", "Cannot open an image file. Received: none.png"),
        ("predict PRESET broken/7.png", "Cannot decode image broken/7.png"),
        ("predict PRESET loose/1.png --top 0", "At least one class an image is asked for."),
        ("predict PRESET loose/1.png --top x", "Argument --top: invalid int value: 'x'"),
        ("export none --as a.b", "Unknown preset."),
        ("export empty --as a.b", "its run has not finished. Received: 'empty'"),
        ("export RUN --as ab", "A preset is named network.tag"),
        ("export RUN --as ../a.b", "A preset is named network.tag"),
        ("export RUN --as a.b --to file", "A file is where a folder is needed."),
        ("export RUN --as a.b --to /proc/a", "No such file or directory. Received: '/proc/a'"),
        ("verify none", "Unknown preset."),
    ],
)
def test_other_commands_refuse(place, preset, finished_run, words, sentence):  # noqa: F811
    there = {"PRESET": preset, "RUN": finished_run}
    before = tree(place)
    assert sentence in refusal(*(there.get(word, word) for word in words.split()))
    assert tree(place) == before


def test_export_overwrites_only_when_asked(preset, finished_run):  # noqa: F811
    before = tree(preset)
    words = ["export", finished_run, "--as", PRESET, "--to", preset.parent]
    assert "A preset of this name is there: take another, " in refusal(*words)
    assert tree(preset) == before


def test_predict_needs_a_classifier(place):
    recipe = place / "tiny.toml"
    recipe.write_text(RECIPE.replace("[finetune]\nepochs = 1\nbatch_size = 10\n", ""))
    words = ["train.max_steps=1", "learner.name=autoencoder"]
    said = command("train", recipe, "--out", "run", *words)
    assert (said.code, "no accuracy" in said.out) == (0, True), said.err
    assert "The preset has no classifier.weights.h5." in refusal("predict", "run", "loose/1.png")
    said = refusal("evaluate", "run", "--data", "synthetic", "test=10")
    assert "The preset has no classifier.weights.h5." in said


def test_a_folder_holds_the_run_of_one_recipe(finished_run, preset):  # noqa: F811
    recipe, before = finished_run.parent / "tiny.toml", tree(finished_run)
    said = refusal("train", recipe, "--out", finished_run, "train.epochs=2")
    assert "holds a run of another recipe: its train.epochs is 1. Received: 2" in said
    said = refusal("train", recipe, "--out", finished_run, "learner.tied=false")
    assert "its learner.tied is None. Received: False" in said
    again = command("train", recipe, "--out", finished_run)
    assert (again.code, "test accuracy" in again.out) == (0, True)
    assert tree(finished_run) == before


HOLD = "import sys, time; from saliency_zoo.files import locked\n"
HOLD += "with locked(sys.argv[1]): print('held', flush=True); time.sleep(600)\n"


def test_one_process_a_folder_and_a_kill_lifts_the_lock(finished_run):  # noqa: F811
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-c", HOLD, str(finished_run)]
    with subprocess.Popen(line, env=environment, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        said = refusal("train", finished_run.parent / "tiny.toml", "--out", finished_run)
        assert said == f"Another process works in this folder. Received: {str(finished_run)!r}"
        other.send_signal(signal.SIGKILL)
        other.wait()
    with locked(finished_run):
        pass
    assert not [p for p in finished_run.iterdir() if "lock" in p.name]


@contextlib.contextmanager
def no_file_larger_than(size):
    """What a full disk looks like to whoever writes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_stops_a_run_that_then_goes_on(place):
    words = ["train", "tiny.toml", "--out", "run", "train.max_steps=1", "finetune.max_steps=1"]
    with no_file_larger_than(9_000):
        said = command(*words)
    assert said.code == 2
    sentence = said.err.splitlines()[-1]
    assert re.match("saliency-zoo: Cannot (read or )?write a file: ", sentence)
    assert "Traceback" not in said.err
    assert not [p for p in (place / "run").rglob("*") if p.name.startswith(".")]
    said = command(*words)
    assert said.code == 0, said.err
    assert command("verify", "run").code == 0


def test_a_full_disk_leaves_no_half_preset_map_or_codes(place, finished_run, preset):  # noqa: F811
    before = tree(place)
    for words in (
        ("export", finished_run, "--as", "a.b", "--to", place / "empty"),
        ("embed", "loose", "--model", preset, "--out", "codes.npz", "--stage", "stage1"),
        ("new", "photos"),
    ):
        with no_file_larger_than(500):
            said = command(*words)
        assert said.code == 2, words
        assert "Traceback" not in said.err
        assert tree(place) == before, words


def test_weights_are_written_whole_or_not_at_all(tmp_path):
    from saliency_zoo.training.run import save_weights

    model, path = zoo.create("thesis_conv", classes=None), tmp_path / "a.weights.h5"
    path.write_bytes(b"what was there before")
    with no_file_larger_than(50_000), pytest.raises(zoo.ZooError, match=r"Received: '.*a\.weights"):
        save_weights(model, path)
    assert path.read_bytes() == b"what was there before"
    assert [p.name for p in tmp_path.iterdir()] == ["a.weights.h5"]


def test_replacing_keeps_what_was_there_when_the_block_fails(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def broken():
        with replacing(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        broken()
    assert tree(tmp_path) == {str(path): b"old"}


def test_an_output_that_cannot_be_written_to():
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-m", "saliency_zoo", "list"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            line, env=environment, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr == "saliency-zoo: No space left on device.\n"


def test_a_bug_gives_its_traceback(place):
    def broken(images):
        raise ValueError("a bug")

    zoo.register("detector", "test.broken", broken)
    try:
        with pytest.raises(ValueError, match="a bug") as error:
            command("detect", "loose", "--out", "maps", "--detector", "test.broken")
    finally:
        zoo.unregister("detector", "test.broken")
    assert not isinstance(error.value, zoo.ZooError)


@pytest.mark.parametrize(
    ("words", "function", "sentence"),
    [
        (["list"], "catalogue.catalogue", "saliency-zoo: stopped\n"),
        (
            ["train", "quickstart", "--out", "run"],
            "experiment.train",
            "saliency-zoo: stopped; the same command goes on from here\n",
        ),
    ],
)
def test_control_c(monkeypatch, words, function, sentence):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"saliency_zoo.{function}", interrupted)
    assert command(*words) == Said(130, "", sentence)


def test_other_tools_see_whole_presets_only(finished_run, tmp_path, monkeypatch):  # noqa: F811
    from saliency_zoo.serving import export as module

    def broken(*arguments):
        raise RuntimeError("killed half way")

    monkeypatch.setattr(module, "saved_model", broken)
    with pytest.raises(RuntimeError, match="killed"):
        zoo.export(finished_run, "a.b", tmp_path)
    assert not list(tmp_path.iterdir())
    shutil.rmtree(tmp_path)
