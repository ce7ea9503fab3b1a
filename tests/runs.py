"""A tiny recipe, the run that it made and the preset of that run, for every test that needs one."""

import contextlib
import functools
import io
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np
import pytest

RECIPE = """\
description = "As small as it goes"

[data]
name = "synthetic"
size = 12
crop = 8
options = { unlabelled = 32, train = 40, test = 20, folds = 2, fold_size = 10 }

[saliency]
name = "luminance"

[network]
name = "thesis_conv"
filters = 4
hidden = 8

[learner]
name = "dual_path"
auxiliary_filters = 4
auxiliary_units = 8

[train]
epochs = 1
batch_size = 16

[finetune]
epochs = 1
batch_size = 10

[evaluate]
folds = 1
"""
PRESET = "thesis_conv.tiny"


class Killed(BaseException):
    """As sudden as a signal: nothing catches it."""


def kill_at(monkeypatch, owner, name: str, count: int) -> None:
    """Lets the `count`-th call of a function do half of its work, or none, and then nothing."""
    original, calls = getattr(owner, name), []

    def killed(*arguments, **options):
        calls.append(name)
        if len(calls) == count:
            raise Killed
        return original(*arguments, **options)

    monkeypatch.setattr(owner, name, killed)


def arrays(path: Path) -> dict[str, np.ndarray]:
    """All that a file of weights holds, by its place in it."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(lambda n, x: found.update({n: x[()]}) if hasattr(x, "dtype") else None)
    return found


class Said(NamedTuple):
    """What a command left on the terminal."""

    code: int
    out: str
    err: str


def command(*words) -> Said:
    """Runs one command line in this process."""
    from saliency_zoo.cli import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(word) for word in words])
    return Said(code, out.getvalue(), err.getvalue())


def refusal(*words) -> str:
    """The one sentence with which a command refuses its input."""
    said = command(*words)
    assert (said.code, said.out) == (2, ""), said
    assert said.err.startswith("saliency-zoo: "), said.err
    assert said.err.count("\n") == 1, said.err
    return said.err.removeprefix("saliency-zoo: ").strip()


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory) -> Path:
    """The folder of a finished run of `RECIPE`; tests only read it."""
    return _finished(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="session")
def preset(tmp_path_factory) -> Path:
    """The folder of the preset `PRESET`; tests only read it."""
    return _exported(tmp_path_factory.getbasetemp())


# Cached, because a fixture that several modules import is made once for each of them.
@functools.cache
def _finished(base: Path) -> Path:
    recipe = base / "tiny.toml"
    recipe.write_text(RECIPE)
    said = command("train", recipe, "--out", base / "finished")
    assert said.code == 0, said.err
    return base / "finished"


@functools.cache
def _exported(base: Path) -> Path:
    said = command("export", _finished(base), "--as", PRESET, "--to", base / "presets")
    assert said.code == 0, said.err
    return base / "presets" / PRESET
