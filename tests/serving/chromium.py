"""Chromium without a window, driven over the pipe of its DevTools protocol."""

import contextlib
import itertools
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FOUND = next(filter(None, map(shutil.which, NAMES)), None)
WITHIN = 60  # seconds
# Chromium reads commands from descriptor 3 and writes to descriptor 4.
_PIPED = "import os, sys; r, w, *line = sys.argv[1:]; os.dup2(int(r), 203); os.dup2(int(w), 204); "
_PIPED += "os.dup2(203, 3); os.dup2(204, 4); os.execv(line[0], line)"
_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")
_OPTIONS += ("--hide-scrollbars", "--no-first-run", "--disable-background-networking")
_KEYS = {"Tab": 9, "Enter": 13, " ": 32, "ArrowDown": 40}


class Tab:
    """One page; what goes wrong on it, and where it asks, is kept in lists."""

    def __init__(self, write: Callable[[bytes], Any], read: Iterator[dict]):
        self._write, self._read, self._session = write, read, {}
        self._numbers, self._answers = itertools.count(1), {}
        self._arrived = threading.Condition()
        self.errors: list[str] = []
        self.asked: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        attached = self.send("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Runtime", "Network", "Log", "DOM"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of one command of the protocol."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params, **self._session}
        self._write(json.dumps(message).encode() + b"\0")
        with self._arrived:
            assert self._arrived.wait_for(lambda: number in self._answers, WITHIN), method
        answer = self._answers.pop(number)
        assert "error" not in answer, answer
        return answer["result"]

    def _listen(self) -> None:
        for message in self._read:
            self._note(message.get("method"), message.get("params", {}))
            with self._arrived:
                if "id" in message:
                    self._answers[message["id"]] = message
                self._arrived.notify_all()

    def _note(self, method: str | None, params: dict) -> None:
        if method == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(params["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            self.errors.append(json.dumps(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")

    def open(self, address: str) -> None:
        """Goes to an address, and waits until its scripts have run."""
        self.send("Page.navigate", url=address)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def says(self, expression: str) -> Any:
        """The value of an expression, or of what it promises."""
        options = {"returnByValue": True, "awaitPromise": True, "userGesture": True}
        found = self.send("Runtime.evaluate", expression=expression, **options)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def until(self, expression: str) -> Any:
        """Waits until an expression is true, and gives its value."""
        ends = time.monotonic() + WITHIN
        while not (found := self.says(expression)):
            assert time.monotonic() < ends, f"{expression}: {self.says('document.body.innerText')}"
            time.sleep(0.02)
        return found

    def press(self, key: str, **options: Any) -> None:
        """Presses a key and lets it go."""
        text = {"Enter": "\r", " ": " "}.get(key)
        code = {"key": key, "windowsVirtualKeyCode": _KEYS.get(key, ord(key[0].upper()))}
        down = {"type": "keyDown", **code, **({"text": text} if text else {}), **options}
        self.send("Input.dispatchKeyEvent", **down)
        self.send("Input.dispatchKeyEvent", type="keyUp", **code)

    def type(self, text: str) -> None:
        """Types into what has the focus."""
        self.send("Input.insertText", text=text)

    def choose(self, selector: str, *files: Path) -> None:
        """Puts files into an input."""
        root = self.send("DOM.getDocument")["root"]["nodeId"]
        node = self.send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.send("DOM.setFileInputFiles", files=[str(file) for file in files], nodeId=node)

    def show(self, width: int, height: int, scheme: str = "light") -> None:
        """As on a screen of this size, in a light or a dark scheme."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.send("Emulation.setDeviceMetricsOverride", **size)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.send("Emulation.setEmulatedMedia", features=[feature])


@contextlib.contextmanager
def tab(folder: Path) -> Iterator[Tab]:
    """A page in a browser of its own, which keeps its files in a folder."""
    theirs, commands = os.pipe()
    answers, ours = os.pipe()
    browser = [FOUND, *_OPTIONS, f"--user-data-dir={folder}", "--remote-debugging-pipe"]
    line = [sys.executable, "-c", _PIPED, str(theirs), str(ours), *browser]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(line, pass_fds=(theirs, ours), **quiet) as process:
        os.close(theirs)
        os.close(ours)
        with open(commands, "wb", 0) as writing, open(answers, "rb") as reading:  # noqa: PTH123
            try:
                yield Tab(writing.write, _messages(reading))
            finally:
                process.kill()


def _messages(reading: Any) -> Iterator[dict]:
    left = b""
    while piece := reading.read1(1 << 20):
        *whole, left = (left + piece).split(b"\0")
        yield from map(json.loads, whole)
