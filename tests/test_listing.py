"""What a listing says, and that it needs nothing but the standard library to say it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import saliency_zoo
from saliency_zoo import cards, presets, registry
from tests.runs import PRESET, command, preset, refusal  # noqa: F401

ROOT = Path(saliency_zoo.__file__).parent.parent
HEAVY = ("tensorflow", "keras", "cv2", "scipy", "numpy", "jax", "sklearn", "matplotlib")
SLOW = ("typing", "inspect", "difflib", "dataclasses", "pathlib", "json", "hashlib", "tempfile")
CODE = """
import sys
from saliency_zoo.cli import main
code = 0
try:
    code = main(sys.argv[1:])
except SystemExit as left:
    code = left.code or 0
print("imported:", *{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
sys.exit(code)
"""


def fresh(*words, **environment):
    """A command in a fresh interpreter, and what that has imported."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    # -S: the packages around may be loaded by .pth files of their own.
    line = [sys.executable, "-S", "-c", CODE, *words]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=True)
    return done.stdout, set(done.stderr.split("imported:")[1].split())


@pytest.mark.parametrize("words", [["list"], ["list", "*conv*"], ["--help"], ["--version"]])
def test_nothing_heavy_or_slow_is_imported(words):
    out, imported = fresh(*words)
    assert out
    assert not imported.intersection(HEAVY + SLOW)


@pytest.mark.parametrize("words", [["list", "--json"], ["list", "--help"], ["train", "--help"]])
def test_nothing_heavy_is_imported(words):
    out, imported = fresh(*words)
    assert out
    assert not imported.intersection(HEAVY)


def test_the_public_names_are_listed_without_importing_them():
    code = "import sys, saliency_zoo as zoo; dir(zoo); zoo.list_models(); print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    line = [sys.executable, "-S", "-c", code]
    found = subprocess.run(line, env=environment, capture_output=True, text=True, check=True)
    assert not {name.partition(".")[0] for name in found.stdout.split()}.intersection(HEAVY)


def test_rows_have_a_name_a_kind_and_whether_there_are_weights():
    rows = json.loads(command("list", "--json").out)
    assert {row["kind"] for row in rows} >= set(registry.ALL)
    for row in rows:
        assert row.keys() >= {"name", "kind", "pretrained"}
        assert row["pretrained"] == (row["kind"] == "preset")
    assert {"name": "thesis_conv", "kind": "network", "pretrained": False} in rows


def test_rows_with_weights_are_names_that_load_show_and_verify_take(preset, monkeypatch):  # noqa: F811
    monkeypatch.setenv(presets.PATH_VARIABLE, str(preset.parent))
    rows = json.loads(command("list", PRESET, "--json").out)
    assert rows == [{"name": PRESET, "kind": "preset", "pretrained": True}]
    assert saliency_zoo.load(PRESET).count_params() > 0
    assert json.loads(command("verify", PRESET, "--json").out) == {PRESET: []}
    assert json.loads(command("show", PRESET, "--json").out)["name"] == PRESET


def test_patterns(preset, monkeypatch):  # noqa: F811
    monkeypatch.setenv(presets.PATH_VARIABLE, str(preset.parent))
    names = [line.split()[0] for line in command("list", "*conv*").out.splitlines()]
    assert {PRESET, "thesis_conv"} <= set(names)
    assert all("conv" in name for name in names)
    said = command("list", "no*such")
    assert (said.code, said.out, said.err) == (0, "", "no name matches 'no*such'\n")
    assert command("list", "no*such", "--json").out == "[]\n"


def test_every_entry_can_be_shown():
    for kind, known in registry.ALL.items():
        for name in known:
            data = json.loads(command("show", f"{kind}:{name}", "--json").out)
            assert (data["kind"], data["name"]) == (kind, name)
            assert command("show", f"{kind}:{name}").out.startswith(f"{name} ({kind}), ")


def test_a_preset_is_shown_in_words(preset):  # noqa: F811
    text = command("show", preset).out
    for word in (PRESET, "thesis_conv(", "dual_path(", "test accuracy", "licence", "32 images"):
        assert word in text
    for line in (
        "features  8x8x3      stage1 4 /2, stage2 4 /4, stage3 4 /8, code 4",
        f"folder    {preset}",
        f"pictures  {preset / 'filters.png'}, {preset / 'preview.png'}",
        f"retrain   saliency-zoo train {preset / 'recipe.toml'} --out runs/{PRESET}",
    ):
        assert f"  {line}\n" in text + "\n"


def test_a_preset_is_shown_to_programs(preset):  # noqa: F811
    data = json.loads(command("show", preset, "--json").out)
    assert data.items() >= presets.card(str(preset)).items()
    row = saliency_zoo.list_models("thesis_conv", features=True)[0]
    assert data["features"].keys() == row.keys() - {"name"}
    assert [stage["reduction"] for stage in data["features"]["stages"]] == [2, 4, 8]
    assert all(Path(picture).is_file() for picture in data["pictures"])
    again = data["retrain"].split()
    assert again[:2] == ["saliency-zoo", "train"]
    assert Path(again[2]).samefile(preset / "recipe.toml")


def test_a_preset_of_a_network_that_is_not_here_is_shown(preset, tmp_path):  # noqa: F811
    content = presets.card(str(preset))
    content["model"]["network"]["name"] = "plugged"
    cards.write_card(tmp_path, content)
    assert "features  unknown: no such network here" in command("show", tmp_path).out
    assert json.loads(command("show", tmp_path, "--json").out)["features"] is None


def test_what_a_stranger_wrote_steers_no_terminal(preset, tmp_path):  # noqa: F811
    content = presets.card(str(preset))
    cards.write_card(tmp_path, {**content, "description": "\x1b[2J\u202f\u200d\x1b]0;owned\x07"})
    assert ": \ufffd[2J\u202f\u200d\ufffd]0;owned\ufffd\n" in command("show", tmp_path).out


def test_a_preset_of_a_network_that_is_not_here_is_left_out_of_features(
    preset,  # noqa: F811
    tmp_path,
    monkeypatch,
    caplog,
):
    content = presets.card(str(preset))
    content["model"]["network"]["name"] = "plugged"
    cards.write_card(tmp_path / "a.plugged", content)
    monkeypatch.setenv(presets.PATH_VARIABLE, str(tmp_path))
    assert "a.plugged" in saliency_zoo.list_models("a*")
    rows = saliency_zoo.list_models("[al]*", features=True)
    assert "a.plugged" not in {row["name"] for row in rows} > {"lenet5"}
    assert "a.plugged is left out: Unknown network." in caplog.text


def test_what_is_not_there_to_be_shown_is_said_with_where_it_was_looked_for(monkeypatch, tmp_path):
    monkeypatch.setenv(presets.PATH_VARIABLE, str(tmp_path))
    said = refusal("show", "thesis_convv")
    assert "Did you mean 'thesis_conv'?" in said
    assert f"Looked in {tmp_path}, " in said
