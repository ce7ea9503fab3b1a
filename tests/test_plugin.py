"""Another distribution joins through entry points alone, and is then as good as built in."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parent / "plugin"
ENTRIES = {
    ("pooling.median", "layer"),
    ("two_stages", "network"),
    ("code_size", "learner"),
    ("redness", "detector"),
    ("stripes", "dataset"),
    ("first_half", "protocol"),
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder that `pip install --target` would leave; made by hand, as pip needs a network."""
    target = tmp_path_factory.mktemp("target")
    project = tomllib.loads((PLUGIN / "pyproject.toml").read_text())["project"]
    shutil.copytree(PLUGIN / "zoo_plugin", target / "zoo_plugin")
    info = target / f"zoo_plugin-{project['version']}.dist-info"
    info.mkdir()
    named = f"Name: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\n{named}")
    lines = []
    for group, entries in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items()), ""]
    (info / "entry_points.txt").write_text("\n".join(lines))
    return target


def python(arguments, folder=None):
    root = str(Path(__file__).parent.parent)
    path = os.pathsep.join(filter(None, [str(folder or ""), root, os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(folder=None):
    found = json.loads(python(["-m", "saliency_zoo", "list", "--json"], folder))
    return {(row["name"], row["kind"]) for row in found}


def test_the_listing_shows_what_is_installed(installed):
    assert rows(installed) - rows() == ENTRIES


def test_listing_imports_no_plugin(installed):
    program = (
        "import sys; from saliency_zoo import registry;"
        "assert 'redness' in list(registry.detectors);"
        "print(sorted({'zoo_plugin', 'keras', 'tensorflow', 'numpy'} & set(sys.modules)))"
    )
    assert python(["-c", program], installed).strip() == "[]"


PROGRAM = """
import numpy as np
import saliency_zoo as zoo
from saliency_zoo import registry
from saliency_zoo.data import image_set
from saliency_zoo.testing import check_layer, check_learner, check_network, layer_examples

examples = {name: rest for name, *rest in layer_examples()}
check_layer(*examples["pooling.median"])
check_network("two_stages", filters=3)

small = zoo.create("thesis_conv", image_size=8, filters=2, kernel_size=3, pooling="median")
layer = small.get_layer("stage1").layers[-1]
assert type(layer).__name__ == "MedianPooling2D", layer
x = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
cells = x.reshape(2, 4, 2, 4, 2, 3).transpose(0, 1, 3, 5, 2, 4).reshape(2, 4, 4, 3, 4)
np.testing.assert_allclose(layer(x), np.median(cells, axis=-1), atol=1e-6)
check_learner("code_size", small)
check_learner("autoencoder", zoo.create("two_stages", image_size=8, filters=2))

image = np.zeros((6, 6, 3), np.uint8)
image[:3, :, 0] = 255
found = zoo.detect("redness", image, normalise="minmax")
assert found[0].min() == 1 and found[-1].max() == 0, found
images = image_set.load("stripes", count=3)
assert images.split("unlabelled").images.shape == (3, 16, 16, 3)
assert callable(registry.protocols["first_half"])
print("done")
"""


def test_everything_of_it_is_used_by_name(installed):
    assert python(["-c", PROGRAM], installed).strip().endswith("done")
