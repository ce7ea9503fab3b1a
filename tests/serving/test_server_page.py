"""What the page is made of: its files, and what its script asks the server for."""

import dataclasses
import json
import re
import struct
import threading

import cv2
import numpy as np
import pytest

pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")

from saliency_zoo import cards
from saliency_zoo.data import scenes
from saliency_zoo.data.images import fit
from saliency_zoo.saliency.detect import detect
from saliency_zoo.serving.saved_model import Signature
from saliency_zoo.serving.server.page.page import FILES
from tests.runs import RECIPE
from tests.serving.running import Client, Gate, running, toy, wait_until, write_version
from tests.serving.showing import CLASSES, NAME, code, described, png, shown, whole

MODEL = f"/page/models/{NAME}"
PNG = {"content_type": "image/png"}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    limits = {"body": 100_000, "pixels": 100_000}
    with running(shown(tmp_path_factory.mktemp("shown"), **limits), **limits) as found:
        yield found


@pytest.fixture
def picture():
    return np.random.default_rng(0).integers(0, 256, (40, 30, 3), dtype="uint8")


@pytest.mark.parametrize("path", FILES)
def test_its_files_ask_nobody_else(client, path):
    said = client.ask(path)
    assert said.status == 200
    text = said.body.decode().replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.findall(r"https?:|[\"'(]//|@import|url\(", text.replace("url(#map)", ""))
    assert "innerHTML" not in text
    policy = said.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert "unsafe" not in policy
    assert said.headers["x-content-type-options"] == "nosniff"


def imported(client, path):
    """The modules that a script of the page needs."""
    found = set(re.findall(r'from "\./(.*?)"', client.ask(path).body.decode()))
    return found.union(*(imported(client, f"/page/{name}") for name in found))


def test_its_text_holds_no_script_and_no_style(client):
    text = client.ask("/").body.decode()
    assert re.findall(r"<script([^>]*)>(.*?)</script>", text, re.S) == [
        (' type="module" src="page/page.js"', "")
    ]
    assert not re.findall(r"<style|\sstyle=|\son\w+=", text)
    assert client.ask("/").headers["content-type"].startswith("text/html")
    named = set(re.findall(r'(?:src|href)="([^"]+)"', text))
    named |= {f"page/{name}" for name in imported(client, "/page/page.js")}
    assert {f"/{path}" for path in named} == set(FILES) - {"/"}


def test_it_is_told_what_each_model_does(client):
    (said,) = client.ask("/page/models").json
    assert said == {
        "name": NAME,
        "description": "Looks at colours",
        "classes": CLASSES,
        "seen": 0.75,
        "detector": "luminance",
        "reconstruction": 1.0,
        "versions": [
            {
                "version": 1,
                "signatures": {
                    "serving_default": ["scores"],
                    "encode": ["code"],
                    "reconstruct": ["image"],
                    "saliency": ["saliency"],
                },
                "views": ["detector", "similar"],
            }
        ],
    }


def test_a_scene_is_that_of_its_number(client):
    for number in (7, 10**17):
        said = client.ask(f"/page/scenes/{number}.png")
        assert said.headers["content-type"] == "image/png"
        assert said.headers["x-scene"] == scenes.CLASS_NAMES[scenes.labels([number], 0, 1)[0]]
        image = cv2.imdecode(np.frombuffer(said.body, "uint8"), cv2.IMREAD_COLOR)[..., ::-1]
        assert (image == scenes.render([number], 128, 0, 1)[0][0]).all()
    for number in ("x", "-1", "1.5", "9" * 19, "9" * 5000):
        assert client.ask(f"/page/scenes/{number}.png").status == 404
    assert client.ask("/page/scenes/7.png", b"").status == 405


@pytest.mark.parametrize("version", ["", "/versions/1"])
def test_the_map_is_that_of_the_detector_where_the_model_looks(client, picture, version):
    address = f"{MODEL}{version}:predict?signature_name=detector"
    said = client.ask(address, png(picture), **PNG).json["predictions"]
    expected = detect("luminance", fit(picture, 16))[2:14, 2:14]
    assert np.allclose(said, expected[None], atol=1e-6)


def test_the_nearest_scenes_are_those_of_the_codes(client, picture):
    samples = code(scenes.render(range(100), 128, 0, 1)[0])["code"]
    samples /= np.linalg.norm(samples, axis=1, keepdims=True)
    own = code(picture[None])["code"][0]
    cosines = samples @ own / np.linalg.norm(own)
    address = f"{MODEL}:predict?signature_name=similar"
    (said,) = client.ask(address, png(picture), **PNG).json["predictions"]
    assert said["scene"] == np.argsort(-cosines)[:6].tolist()
    assert np.allclose(said["similarity"], np.sort(cosines)[:-7:-1], atol=1e-5)
    classes = scenes.labels(said["scene"], 0, 1)
    assert said["class"] == [scenes.CLASS_NAMES[i] for i in classes]
    sample = client.ask("/page/scenes/31.png").body
    (said,) = client.ask(address, sample, **PNG).json["predictions"]
    assert said["scene"][0] == 31
    assert said["similarity"][0] == pytest.approx(1)


def test_grey_models_are_shown_too(tmp_path, picture):
    def load(_):
        made = {n: dataclasses.replace(s, channels=1) for n, s in whole().items()}
        return {n: made[n] for n in ("serving_default", "encode")}

    with running(shown(tmp_path, load)) as client:
        for signature, expected in (("similar", 6), ("detector", 12)):
            address = f"{MODEL}:predict?signature_name={signature}"
            (said,) = client.ask(address, png(picture), **PNG).json["predictions"]
            assert len(said["scene"] if signature == "similar" else said) == expected


def test_the_samples_are_encoded_once_for_each_version(tmp_path, picture):
    counted = []

    def load(_):
        def call(images):
            counted.append(len(images))
            return code(images)

        return {**whole(), "encode": Signature("encode", 3, {}, call)}

    with running(shown(tmp_path, load, versions=(1, 2))) as client:
        for version in ("", "/versions/2", "/versions/1", "/versions/1"):
            address = f"{MODEL}{version}:predict?signature_name=similar"
            assert client.ask(address, png(picture), **PNG).status == 200
    assert sum(counted) == 2 * 100 + 4


def test_the_limits_hold_here_too(client, picture):
    for signature in ("detector", "similar"):
        address = f"{MODEL}:predict?signature_name={signature}"
        header = struct.pack(">II", 60_000, 60_000)
        huge = png(picture)[:16] + header + png(picture)[24:]
        assert client.ask(address, huge, **PNG).status == 413
        assert client.ask(address, b"0" * 100_001, **PNG).status == 413
        said = client.ask(address, b"GIF89a" + b"0" * 30, **PNG)
        assert (said.status, list(said.json)) == (415, ["error"])
        assert client.ask(address, png(picture)[:-20], **PNG).status == 400
        assert client.ask(address).status == 405
    said = client.ask(f"{MODEL}:predict?signature_name=detectr", png(picture), **PNG)
    assert said.status == 400
    assert "Did you mean 'detector'" in said.json["error"]
    assert client.ask(f"{MODEL}/versions/2:predict", png(picture), **PNG).status == 404
    assert client.ask("/page/models/none:predict", png(picture), **PNG).status == 404
    counted = 'protocol="page",model="toy.shown",status="413"} 4'
    assert counted in client.ask("/metrics").body.decode()


def test_what_takes_long_holds_up_nobody_else(tmp_path, picture):
    gate = Gate()

    def load(_):
        return {**whole(), "encode": Signature("encode", 3, {}, gate)}

    with running(shown(tmp_path, load), queue=1) as client:
        similar = f"{MODEL}:predict?signature_name=similar"
        answers = []

        def ask(*words, **headers):
            answers.append(Client(client.port).ask(*words, **headers))

        threads = [threading.Thread(target=ask, args=[similar, png(picture)], kwargs=PNG)]
        threads += [threading.Thread(target=ask, args=["/page/scenes/1.png"]) for _ in range(2)]
        threads[0].start()
        try:
            assert gate.entered.wait(20)
            for thread in threads[1:]:
                thread.start()
            wait_until(lambda: answers)  # one of the two finds the queue of the page full
            assert (answers[0].status, answers[0].headers["retry-after"]) == (429, "1")
            assert client.ask("/v2/health/live").status == 200
            said = client.ask(f"/v1/models/{NAME}:predict", png(picture), **PNG)
            assert said.status == 200  # the queue of the model is another one
        finally:
            gate.open.set()
            for thread in threads:
                thread.join()
    assert [one.status for one in answers] == [429, 200, 200]


def test_with_a_token_only_the_files_are_open(tmp_path, picture):
    with running(shown(tmp_path), token=b"secret") as client:
        for path in FILES:
            assert client.ask(path).status == 200
        closed = {"/page/models": None, "/page/scenes/1.png": None, "/page/": None, "/page": None}
        closed[f"{MODEL}:predict?signature_name=similar"] = png(picture)
        for path, body in closed.items():
            said = client.ask(path, body, **PNG)
            assert said.status == 401, path
        given = {"authorization": "Bearer secret"}
        assert client.ask("/page/models", **given).json[0]["name"] == NAME
        assert client.ask("/page/scenes/1.png", **given).status == 200


def test_a_model_that_does_little_is_told_as_it_is(tmp_path, picture):
    with running(toy(tmp_path)) as client:
        (said,) = client.ask("/page/models").json
        assert (said["classes"], said["seen"], said["detector"]) == ([], 1, None)
        assert said["versions"][0]["views"] == []
        address = "/page/models/toy.model:predict?signature_name=similar"
        assert client.ask(address, png(picture), **PNG).status == 400


def test_it_follows_the_preset(tmp_path, picture):
    model = shown(tmp_path)
    with running(model) as client:
        described(tmp_path, description="Looks again")
        write_version(tmp_path, 2, b"2")
        model.refresh()
        model.refresh()
        (said,) = client.ask("/page/models").json
        assert said["description"] == "Looks again"
        assert [one["version"] for one in said["versions"]] == [2, 1]
        (tmp_path / "card.json").unlink()  # the preset is being exchanged
        assert client.ask("/page/models").json == [said]
        described(tmp_path, description="Done")
        assert client.ask("/page/models").json[0]["description"] == "Done"


@pytest.mark.parametrize("weight", ["0.02", "[1.0, 0.02]"])
def test_it_is_told_how_little_a_reconstruction_weighed(tmp_path, weight):
    model = shown(tmp_path)
    recipe = RECIPE.replace("[learner]\n", f"[learner]\nreconstruction_weight = {weight}\n")
    (tmp_path / "recipe.toml").write_text(recipe)
    cards.write_card(tmp_path, json.loads((tmp_path / "card.json").read_text()))
    with running(model) as client:
        assert client.ask("/page/models").json[0]["reconstruction"] == 0.02


def test_a_detector_that_does_not_run_is_not_shown(tmp_path, caplog):
    model = shown(tmp_path)
    recipe = RECIPE.replace('"luminance"', '"background"\npatch = 0')
    (tmp_path / "recipe.toml").write_text(recipe)
    cards.write_card(tmp_path, json.loads((tmp_path / "card.json").read_text()))
    with running(model) as client:
        (said,) = client.ask("/page/models").json
    assert (said["detector"], said["versions"][0]["views"]) == (None, ["similar"])
    assert "does not show the detector 'background'" in caplog.text
