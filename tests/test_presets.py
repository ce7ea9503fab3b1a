"""Presets load by name, offline and from a wheel, and no byte of them changes unnoticed."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo import cards, presets
from tests.runs import PRESET, command, preset, refusal  # noqa: F401

ROOT = Path(zoo.__file__).parent.parent
OFFLINE = """
import socket, sys
def refuse(*arguments, **named):
    raise OSError("the network is off")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
import numpy as np, saliency_zoo as zoo
from saliency_zoo.cli import main
print(zoo.__file__)
assert zoo.list_models(pretrained=True) == [sys.argv[1]]
images = np.random.default_rng(0).integers(0, 256, (2, 20, 30, 3), dtype="uint8")
np.save("codes.npy", np.asarray(zoo.load(sys.argv[1])(images)))
np.save("scores.npy", np.asarray(zoo.load(sys.argv[1], head="classifier")(images)))
from saliency_zoo import config
assert config.load("quickstart").network.name == "thesis_conv"
sys.exit(main(["verify"]))
"""


@pytest.fixture
def copy(preset, tmp_path):  # noqa: F811
    return shutil.copytree(preset, tmp_path / PRESET)


def files_of(folder):
    return [p for p in sorted(folder.rglob("*")) if p.is_file()]


def images():
    return np.random.default_rng(0).integers(0, 256, (2, 20, 30, 3), dtype="uint8")


def flip(path, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def test_a_preset_is_complete(preset):  # noqa: F811
    there = {p.relative_to(preset).as_posix() for p in files_of(preset)}
    assert there >= {
        "card.json",
        "recipe.toml",
        "encoder.weights.h5",
        "classifier.weights.h5",
        "decoders/stage1.weights.h5",
        "serving/1/saved_model.pb",
        "history.csv",
        "preview.png",
    }
    card = json.loads((preset / "card.json").read_text())
    assert there == {*card["files"], "card.json"}
    assert card["name"] == PRESET
    assert card["metrics"]["accuracy"]["pretrained"].keys() == {"mean", "sd", "n"}
    assert {"seed", "versions", "licence", "data", "golden", "images_seen"} <= card.keys()
    assert presets.verify(str(preset)) == []


def test_a_preset_says_nothing_of_the_machine_that_made_it(preset):  # noqa: F811
    for path in files_of(preset):
        if path.suffix in (".json", ".toml", ".csv"):
            assert str(preset.parent.parent) not in path.read_text(), path.name
    assert "folder" not in tomllib.loads((preset / "recipe.toml").read_text())


def test_a_flipped_byte_of_any_file_is_reported_by_name(copy):
    for path in files_of(copy):
        whole = path.read_bytes()
        name = path.relative_to(copy).as_posix()
        for place in sorted({0, len(whole) // 3, len(whole) // 2, len(whole) - 1}):
            flip(path, place)
            problems = presets.verify(str(copy))
            assert len(problems) == 1, (name, place)
            assert name in problems[0], (name, place)
            path.write_bytes(whole)
    assert presets.verify(str(copy)) == []


def test_verify_says_it_with_exit_code_2(copy):
    flip(copy / "history.csv", 5)
    said = command("verify", copy)
    assert said.code == 2
    assert "history.csv does not match its checksum" in said.out
    assert said.err.count("\n") == 1


def test_missing_empty_and_extra_files_are_reported_by_name(copy):
    (copy / "serving/1/saved_model.pb").unlink()
    (copy / "preview.png").write_bytes(b"")
    (copy / "decoders/stage9.weights.h5").write_bytes(b"")
    assert sorted(presets.verify(str(copy))) == [
        "decoders/stage9.weights.h5 is not on the card",
        "preview.png does not match its checksum",
        "serving/1/saved_model.pb is missing",
    ]


@pytest.mark.parametrize(
    ("file", "head"), [("encoder", None), ("classifier", "classifier"), ("encoder", 5)]
)
def test_load_refuses_damaged_weights_by_name(copy, file, head):
    wanted = {"classes": head} if head == 5 else {"head": head}
    path = copy / f"{file}.weights.h5"
    flip(path, path.stat().st_size // 2)
    with pytest.raises(zoo.ZooError, match=rf"{path.name} does not match its checksum"):
        zoo.load(str(copy), **wanted)
    path.unlink()
    with pytest.raises(zoo.ZooError, match=rf"{path.name} is missing"):
        zoo.load(str(copy), **wanted)


def test_load_refuses_a_damaged_card(copy):
    flip(copy / "card.json", 100)
    with pytest.raises(zoo.ZooError, match=r"card\.json does not match its checksum"):
        zoo.load(str(copy))


def test_no_byte_of_a_card_changes_unnoticed(copy):
    path = copy / "card.json"
    whole = path.read_bytes()
    for place in [*range(0, len(whole), 11), *range(len(whole) - 80, len(whole))]:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(zoo.ZooError, match=r"card\.json does not match its checksum"):
            cards.read_card(copy)
    for length in (0, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert "card.json does not match" in presets.verify(str(copy))[0]


def test_outputs_other_than_the_golden_ones_are_reported(copy):
    card = cards.read_card(copy)
    card["golden"]["outputs"]["code"][0][0] += 1
    cards.write_card(copy, card)
    (problem,) = presets.verify(str(copy))
    assert problem.startswith("code of the generated scenes is off by 1")


def test_a_recipe_that_no_longer_reads_is_reported(copy):
    (copy / "recipe.toml").write_text("[trian]\n")
    cards.write_card(copy, cards.read_card(copy))
    (problem,) = presets.verify(str(copy))
    assert problem.startswith("recipe.toml: Unknown key of the recipe. Did you mean 'train'?")


def test_a_card_of_a_newer_version_says_so(copy):
    (copy / "card.json").write_bytes(b"{}")
    content = {"format": cards.FORMAT + 1, "name": PRESET}
    with pytest.raises(zoo.ZooError, match="made by a newer version: update saliency-zoo"):
        cards.write_card(copy, content)  # reads back what it wrote
    assert "made by a newer version" in refusal("show", copy)
    assert "made by a newer version" in presets.verify(str(copy))[0]


def test_what_a_killed_write_left_behind_is_no_part_of_a_preset(copy):
    (copy / ".123-encoder.weights.h5").write_bytes(b"half")
    assert presets.verify(str(copy)) == []
    assert not any("123" in path for path in cards.files(copy))


def test_presets_are_found_by_name_first_come_first_served(copy, preset, tmp_path, monkeypatch):  # noqa: F811
    places = [str(tmp_path), str(preset.parent), str(tmp_path / "none")]
    monkeypatch.setenv(presets.PATH_VARIABLE, os.pathsep.join(places))
    assert Path(presets.find(PRESET)) == copy
    assert PRESET in presets.names()
    with pytest.raises(zoo.ZooError, match=r"Unknown preset\. Did you mean 'thesis_conv.tiny'\?"):
        presets.find("thesis_conv.tinny")
    with pytest.raises(zoo.ZooError, match="Looked in ") as error:
        presets.find("thesis_conv.tinny")
    looked = str(error.value).partition("Looked in ")[2].partition(". Received")[0]
    assert looked == ", ".join([*places, str(ROOT / "SavedModels")])


def test_a_path_is_taken_where_no_name_is_found(copy, preset, monkeypatch):  # noqa: F811
    monkeypatch.setenv(presets.PATH_VARIABLE, str(preset.parent))
    monkeypatch.chdir(copy.parent)
    assert Path(presets.find(PRESET)) == preset
    for path in (f"./{PRESET}", str(copy)):
        assert Path(presets.find(path)).resolve() == copy
    monkeypatch.delenv(presets.PATH_VARIABLE)
    assert Path(presets.find(PRESET)).resolve() == copy


def test_plug_ins_bring_presets_and_are_not_imported(tmp_path):
    def holding(folder, *names):
        for name in names:
            cards.write_card(folder / name, {"format": 1, "name": name})
        return str(folder)

    info = tmp_path / "zoo_more-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: zoo-more\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[saliency_zoo.presets]\nmore = zoo_more:shelf\ngone = zoo_gone:shelf\n"
    )
    package, own = tmp_path / "zoo_more", tmp_path / "own"
    for name in ("a.both", "a.plugged"):
        (package / "shelf" / name).mkdir(parents=True)
    for name in ("a.both", "a.own"):
        (own / name).mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    holding(package / "shelf", "a.both", "a.plugged")
    places = [holding(own, "a.both", "a.own"), str(package / "shelf")]
    code = (
        "import sys; from saliency_zoo import presets\n"
        "assert presets.names()[:3] == ['a.both', 'a.own', 'a.plugged'], presets.names()\n"
        "assert 'zoo_more' not in sys.modules\n"
        "print(*presets.folders(), presets.find('a.both'), presets.find('a.plugged'), sep='\\n')"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    environment[presets.PATH_VARIABLE] = str(own)
    line = [sys.executable, "-S", "-c", code]
    done = subprocess.run(
        line, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    *looked, both, plugged = done.stdout.split()
    assert looked == [*places, str(ROOT / "SavedModels"), str(tmp_path / "SavedModels")]
    assert (both, plugged) == (f"{places[0]}/a.both", f"{places[1]}/a.plugged")


def test_retraining_from_a_preset_gives_its_weights(preset, tmp_path):  # noqa: F811
    said = command("train", preset / "recipe.toml", "--out", tmp_path / "again")
    assert said.code == 0, said.err
    assert (tmp_path / "again/recipe.toml").read_text() == (preset / "recipe.toml").read_text()
    for name in ("encoder.weights.h5", "classifier.weights.h5"):
        assert _weights(tmp_path / "again" / name) == _weights(preset / name)


def test_weights_of_another_network_are_refused_in_one_sentence(preset, monkeypatch):  # noqa: F811
    """As of a plug-in that has changed since."""

    def other(model, classes):
        return build({**model, "network": {**model["network"], "filters": 5}}, classes)

    build = presets.build
    monkeypatch.setattr(presets, "build", other)
    (problem,) = zoo.verify(str(preset))
    assert problem.startswith("The weights of the preset do not fit what is registered here")
    with pytest.raises(zoo.ZooError, match=r"Received: classifier\.weights\.h5 of"):
        zoo.load(str(preset), head="classifier")


def _weights(path):
    found = {}

    def keep(name, entry):
        if isinstance(entry, h5py.Dataset):
            found[name] = entry[()].tobytes()

    with h5py.File(path) as file:
        file.visititems(keep)
    return found


def test_from_a_wheel_in_another_folder_with_the_network_off(preset, tmp_path):  # noqa: F811
    tree = tmp_path / "tree"
    for name in ("saliency_zoo", "zoo_configs"):
        hidden = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tree / name, ignore=hidden)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    shutil.copytree(preset, tree / "SavedModels" / PRESET)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=tree, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    shutil.rmtree(tree)

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}
    environment.pop(presets.PATH_VARIABLE, None)
    line = [sys.executable, "-c", OFFLINE, PRESET]
    done = subprocess.run(
        line, cwd=elsewhere, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "installed") in done.stdout
    assert f"{PRESET}: as its card says" in done.stdout
    for file, head in (("codes", None), ("scores", "classifier")):
        here = np.asarray(zoo.load(str(preset), head=head)(images()))
        np.testing.assert_allclose(np.load(elsewhere / f"{file}.npy"), here, atol=1e-5)
