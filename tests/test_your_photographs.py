"""Every command of docs/your_photographs.md runs as it stands there."""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from saliency_zoo import presets
from tests.runs import command

ROOT = Path(__file__).parent.parent
COLOURS = {"beach": (90, 170, 220), "forest": (60, 130, 50), "street": (110, 110, 120)}


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """The folder that the page begins with: ten of each class and 66 unsorted, of many sizes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SALIENCY_ZOO_DATA", raising=False)
    rng = np.random.default_rng(0)
    for kind, colour in COLOURS.items():
        for number in range(1, 33):
            folder = tmp_path / "photos" / (kind if number <= 10 else "unlabelled")
            folder.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(
                str(folder / f"{'' if number <= 10 else kind}{number}.jpg"), photo(rng, colour)
            )


def photo(rng, colour):
    """A disc of any colour on a grainy ground."""
    height, width = rng.integers(60, 140, 2)
    pixels = colour + rng.normal(0, 18, (height, width, 1))
    rows, columns = np.mgrid[:height, :width]
    row, column = rng.uniform(0.3, 0.7, 2) * (height, width)
    disc = np.hypot(rows - row, columns - column) < 0.2 * min(height, width)
    pixels[disc] = rng.uniform(0, 255, 3)
    return pixels.clip(0, 255).astype("uint8")


def commands():
    """The commands of the page, in order."""
    page = (ROOT / "docs" / "your_photographs.md").read_text()
    return "".join(re.findall(r"^```sh\n(.*?)^```", page, re.M | re.S)).splitlines()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return str(listening.getsockname()[1])


def serving(line):
    """The server of a line, in a process of its own, once it listens."""
    words = [sys.executable, "-m", "saliency_zoo", *shlex.split(line)[1:]]
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
    )
    assert "http://127.0.0.1:" in process.stdout.readline()
    return process


@pytest.mark.usefixtures("photos")
def test_every_command_of_the_page_runs():
    port, server, said = free_port(), None, {}
    try:
        for line in (line.replace("8501", port) for line in commands()):
            program, *words = shlex.split(line)
            if program == "curl":
                asked = line
            elif words[0] == "serve":
                server = serving(line)
            else:
                assert program == "saliency-zoo"
                answer = command(*words)
                assert answer.code == 0, (line, answer.err)
                said[words[0]] = answer.out
        check(said)
        if not shutil.which("curl"):
            pytest.skip("all but the last request: there is no curl")
        body = subprocess.run(
            shlex.split(asked), capture_output=True, check=True, timeout=60
        ).stdout
        (scores,) = json.loads(body)["predictions"]
        assert np.argmax(scores) == sorted(COLOURS).index("beach")
    finally:
        if server:
            server.terminate()
            server.wait(30)
            server.stdout.close()
    assert server.returncode == 0


def check(said):
    """What the commands leave is what the page says."""
    assert {"photos.png", "photos.toml", "photos.tflite"} <= {p.name for p in Path().iterdir()}
    assert "with pre-training" in said["train"]
    assert said["predict"].startswith("photos/beach/1.jpg: beach ")
    assert presets.card("presets/thesis_conv.photos")["model"]["class_names"] == sorted(COLOURS)
    assert Path("models/thesis_conv.photos/1/model.py").is_file()
