"""Names for everything pluggable, from this package, from others and from a program."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import saliency_zoo as zoo
from saliency_zoo import registry
from saliency_zoo.errors import UnknownName, ZooError
from saliency_zoo.registry import Registry
from saliency_zoo.signatures import made, parameters

ROOT = Path(zoo.__file__).parent.parent


@pytest.mark.parametrize("kind", registry.ALL)
def test_every_kind_takes_a_name_of_its_own(kind):
    known = registry.ALL[kind]
    before = list(known)

    def entry(value=1, factor=1):
        return value * factor

    assert zoo.register(kind, "test.entry", entry, factor=3) is entry
    try:
        assert "test.entry" in known
        assert list(known) == sorted([*before, "test.entry"])
        assert known["test.entry"](value=2) == 6
        assert known.create({"name": "test.entry", "value": 5}) == 15
        with pytest.raises(ZooError, match=r"registered already\. Received: 'test.entry'"):
            zoo.register(kind, "test.entry", entry)
    finally:
        known.unregister("test.entry")
    assert list(known) == before
    with pytest.raises(UnknownName, match=f"Unknown registered {kind}"):
        known.unregister(before[0])


def test_register_as_a_decorator_and_by_a_path():
    @zoo.register("detector", "test.red")
    def red(images):
        return images[..., 0] / np.float32(255)

    try:
        assert zoo.detect("test.red", np.full((4, 4, 3), 255, "uint8")).min() == 1
    finally:
        zoo.unregister("detector", "test.red")
    zoo.register("protocol", "test.path", "saliency_zoo.evaluation.protocols:full")
    try:
        assert registry.protocols["test.path"] is registry.protocols["full"]
    finally:
        zoo.unregister("protocol", "test.path")


def test_a_registry_is_a_mapping():
    assert registry.networks["thesis_conv"].__name__ == "thesis_conv"
    assert registry.networks.get("none") is None
    assert "none" not in registry.networks
    assert len(registry.networks) == len(list(registry.networks))


def test_unknown_names_name_the_near_miss():
    with pytest.raises(UnknownName, match=r"Did you mean 'thesis_conv'\?.*Received: 'thesisconv'"):
        registry.networks["thesisconv"]
    with pytest.raises(UnknownName, match=r"Did you mean 'geodesic'\?"):
        registry.detectors["geo"]
    with pytest.raises(UnknownName, match=r"Did you mean 'detector'\?"):
        zoo.register("detectors", "x", print)
    with pytest.raises(UnknownName, match="There is none to choose from"):
        Registry("thing", "saliency_zoo.none").unregister("x")


def test_what_another_distribution_no_longer_has(monkeypatch):
    gone = [("a", "gone_package.presets:folder"), ("b", "gone_package:folder"), ("c", ".:x")]
    monkeypatch.setattr(registry, "_entry_points", lambda group: gone)
    assert registry.folders("saliency_zoo.presets") == []
    for place in ("gone_package.sub:thing", "saliency_zoo.errors:thing"):
        zoo.register("picture", "gone", place)
        try:
            with pytest.raises(ZooError, match=r"picture 'gone' cannot be imported: .* Received: "):
                registry.pictures["gone"]
        finally:
            zoo.unregister("picture", "gone")


def test_specs():
    assert registry.split("max", "pooling") == ("max", {})
    assert registry.split({"name": "lp", "p": 3}, "pooling") == ("lp", {"p": 3})
    for wrong in (3, None, {}, {"p": 3}, {"name": 3}):
        with pytest.raises(ZooError, match="The pooling is given by its name"):
            registry.split(wrong, "pooling")


def entry(
    images,
    count: int = 1,
    rate: "float | None" = 0.5,
    kind: str = "a",
    on: bool = True,
    free=None,
    several: int | list[int] = 1,
):
    return count


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"count": 1.5}, r"^count of test is an integer\. Received: 1\.5$"),
        ({"count": True}, r"^count of test is an integer\. Received: True$"),
        ({"count": None}, r"^count of test is an integer\. Received: None$"),
        ({"rate": "x"}, r"^rate of test is a number\. Received: 'x'$"),
        ({"rate": False}, r"^rate of test is a number\. Received: False$"),
        ({"kind": 1}, r"^kind of test is a string\. Received: 1$"),
        ({"on": 1}, r"^on of test is true or false\. Received: 1$"),
        ({"cuont": 1}, r"Unknown option of thing 'test'\. Did you mean 'count'\?"),
        ({"images": 1}, r"Unknown option of thing 'test'\..*Received: 'images'$"),
    ],
)
def test_wrong_options_get_one_sentence(options, sentence):
    with pytest.raises(ZooError, match=sentence):
        made("thing", "test", entry, "images", **options)


def test_right_options_pass():
    made("thing", "test", entry, "images", rate=None, free=object(), several=[1, 2])
    assert made("thing", "test", entry, "images", count=np.int64(3), rate=np.float32(1)) == 3
    assert made("thing", "test", entry, "images", rate=1) == 1


def test_what_keras_refuses_is_a_sentence_and_a_bug_stays_a_bug():
    import keras

    with pytest.raises(ZooError, match=r"The layer 'dense' does not take these options: "):
        made("layer", "dense", keras.layers.Dense, units=-1)

    def broken():
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug") as error:
        made("layer", "broken", broken)
    assert not isinstance(error.value, ZooError)


def test_parameters_of_classes_are_those_of_their_bases_too():
    class Base:
        def __init__(self, low=1):
            self.low = low

    class Derived(Base):
        def __init__(self, high=2, **kwargs):
            super().__init__(**kwargs)
            self.high = high

    assert parameters(Derived) == {"low", "high"}
    assert parameters(entry) >= {"count", "free"}
    assert parameters(lambda **anything: anything) is None
    made("thing", "derived", Derived, low=1, high=2)


def test_another_distribution_joins_through_entry_points(tmp_path):
    (tmp_path / "zoo_plugin.py").write_text(
        "import saliency_zoo as zoo\n\n"
        "@zoo.register('detector', 'plugin_green')  # for programs that import this\n"
        "def green(images):\n    return images[..., 1] / 255\n"
    )
    info = tmp_path / "zoo_plugin-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: zoo-plugin\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(
        "[saliency_zoo.detectors]\nplugin_green = zoo_plugin:green\n"
        "[saliency_zoo.networks]\nplugin_net = zoo_plugin:net\n"
    )
    code = (
        "import numpy as np, saliency_zoo as zoo\n"
        "assert 'plugin_net' in zoo.list_models()\n"
        "print(zoo.detect('plugin_green', np.full((4, 4, 3), 255, 'uint8')).max())\n"
        "try:\n"
        "    zoo.register('detector', 'plugin_green', lambda images: images)\n"
        "except zoo.ZooError as error:\n"
        "    print(error)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])}
    line = [sys.executable, "-c", code]
    found = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    refused = "A detector of this name is registered already"
    assert found.stdout.startswith(f"1.0\n{refused}"), found.stdout
