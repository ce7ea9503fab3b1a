"""What the documentation says is there."""

import dataclasses
import importlib.util
import re
import runpy
import shlex
from pathlib import Path

import numpy as np
import pytest

from saliency_zoo import config
from saliency_zoo.recipe import Data, Evaluate, Finetune, Search, Train

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
SECTIONS = {
    "data": Data,
    "train": Train,
    "finetune": Finetune,
    "evaluate": Evaluate,
    "search": Search,
}


def test_every_key_of_a_recipe_is_explained():
    text = (ROOT / "docs" / "recipes.md").read_text()
    shared = {f.name for f in dataclasses.fields(Train)}
    for section, kind in SECTIONS.items():
        for field in dataclasses.fields(kind):
            if section != "finetune" or field.name not in shared:
                assert f"`{section}.{field.name}`" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading(page):
    for target, place in re.findall(r'\[[^]["]+\]\(([^)#:]*)#?([^):]*)\)', page.read_text()):
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), target
        assert page.parent == ROOT or page.parent in found.parents, f"{target} is not on the site"
        assert not place or place in headings(found), f"{target}#{place}"


def headings(page):
    """What links call them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(), re.M)
    return [re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in found]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_imports_is_there(page):
    for module, names in re.findall(
        r"^from (saliency_zoo[\w.]*) import ([\w, ]+)", page.read_text(), re.M
    ):
        found = importlib.import_module(module)
        for name in names.split(","):
            assert hasattr(found, name.split()[0]) or importlib.util.find_spec(
                f"{module}.{name.split()[0]}"
            )


def test_the_readme_begins_with_two_commands():
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
    assert "saliency-zoo train zoo_configs/quickstart.toml" in blocks[0]
    assert blocks[1].strip().endswith("-m pytest -n auto")


@pytest.mark.parametrize(
    ("page", "preset"),
    [
        ("README.md", "thesis_conv.dual_path_quickstart"),
        ("docs/results.md", "best_large.tin10"),
        ("docs/results.md", "best_small.tin10"),
    ],
)
def test_the_figures_of_a_page_are_those_of_the_preset(page, preset):
    from saliency_zoo import cards
    from saliency_zoo.description import metrics

    card = cards.read_card(ROOT / "SavedModels" / preset)
    assert metrics(card) in (ROOT / page).read_text()


def test_what_to_take_is_told_by_the_cards():
    from saliency_zoo import cards

    page = (ROOT / "docs" / "results.md").read_text()
    rows = re.findall(r"^\| [\w ]+ \| `([\w.]+)` \| (.+?) \| (.+?) \|", page, re.M)
    assert [name for name, *_ in rows] == ["best_large.tin10", "best_small.tin10"]
    for name, *told in rows:
        accuracy = cards.read_card(ROOT / "SavedModels" / name)["metrics"]["accuracy"]
        for arm, text in zip(("pretrained", "none"), told, strict=True):
            found = accuracy.get(arm)
            words = f"{100 * found['mean']:.1f} ± {100 * found['sd']:.1f} %" if found else "not run"
            assert text == words


NORMALISED = "tin10.json#normalised fine-tuning/no pre-training"
STEPS = {  # each row, and that above which it is told to be
    "tin10.json#plain fine-tuning/no pre-training": "",
    NORMALISED: "tin10.json#plain fine-tuning/no pre-training",
    "tin10_whitened.json#no pre-training": NORMALISED,
    "tin10_whitened.json#autoencoder": "tin10_whitened.json#no pre-training",
    "tin10_whitened.json#dual path": "tin10_whitened.json#autoencoder",
    "best_small.tin10": "tin10_whitened.json#autoencoder",
}


def test_what_makes_the_difference_is_what_the_tables_say(monkeypatch):
    monkeypatch.chdir(ROOT / "docs" / "results")
    tool = runpy.run_path(str(ROOT / "tools" / "compare_runs.py"))
    page = (ROOT / "docs" / "results.md").read_text()
    told = re.findall(r"^\| .+ \| ([\d.]+ %) \| (.*?) ?\|$", page, re.M)
    for (accuracy, gain), (name, before) in zip(told, STEPS.items(), strict=True):
        scores = tool["scores"](name)
        assert accuracy == f"{100 * np.mean([*scores.seeds.values()]):.1f} %"
        if before:
            (mean, low, high), _ = tool["difference"](scores, tool["scores"](before))
            assert gain == f"{mean:.1f} [{low:.1f}, {high:.1f}]".replace("-0.0 [", "0.0 [")


def comparisons():
    """Arguments and answer of every comparison of the documentation that needs no run."""
    found = []
    for page in ("results.md", "tables.md"):
        text = (ROOT / "docs" / page).read_text().replace("\\\n", "")
        lines = re.findall(r"^python tools/compare_runs\.py (.+?)\s+# (.+)$", text, re.M)
        assert len(lines) == text.count("python tools/compare_runs.py")
        found += [(shlex.split(names), said) for names, said in lines]
    return [(*names, said) for names, said in found if not any("runs/" in n for n in names)]


@pytest.mark.parametrize(("one", "other", "said"), comparisons())
def test_a_comparison_comes_out_as_the_page_says(one, other, said, capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    assert runpy.run_path("tools/compare_runs.py")["main"]([one, other]) == 0
    assert capsys.readouterr().out.strip() == said


def intervals(text):
    """Every `DIFFERENCE [LOW, HIGH]`, in both directions."""
    number = r"([-+]?\d+\.\d+)"
    found = re.findall(rf"{number}(?:\s+points)?\s+\[{number}, {number}\]", text)
    ways = [tuple(map(float, words)) for words in found]
    return {*ways, *((-middle, -high, -low) for middle, low, high in ways)}


def test_the_differences_of_the_page_stand_in_a_table_or_below_a_command():
    page = (ROOT / "docs" / "results.md").read_text()
    readme = (ROOT / "README.md").read_text()
    tables = "".join(path.read_text() for path in ROOT.glob("docs/results/*.md"))
    commands = "".join(re.findall(r"^```.*?^```", page, re.M | re.S))
    assert intervals(page + readme) <= intervals(tables + commands)
    assert len(intervals(page)) > 20


@pytest.mark.parametrize(
    ("recipe", "preset"),
    [
        ("quickstart", "thesis_conv.dual_path_quickstart"),
        ("best_large_tin10", "best_large.tin10"),
        ("best_small_tin10", "best_small.tin10"),
        ("thesis_dense_tin10", "thesis_dense_small.dual_path_tin10"),
    ],
)
def test_a_preset_was_made_by_the_recipe_that_comes_along(recipe, preset):
    made = config.load(ROOT / "SavedModels" / preset / "recipe.toml")
    assert config.to_table(made) == config.to_table(config.load(recipe))


def test_presets_are_small():
    sizes = {
        folder.name: sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
        for folder in (ROOT / "SavedModels").iterdir()
    }
    assert max(sizes.values()) < 10e6
    assert sum(sizes.values()) < 60e6
