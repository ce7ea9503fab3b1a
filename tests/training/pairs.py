"""Two workers on this machine, for the tests of what several machines do."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

# One thread each: the machine may have two cores, and other tests.
ENVIRONMENT = {"TF_NUM_INTRAOP_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}


class Ended(NamedTuple):
    """What a process left, and when."""

    code: int
    seconds: float
    out: str
    err: str


def pair(program: str, *words: str, timeout: float = 300) -> list[Ended]:
    """Runs a program as both workers; its words are followed by the addresses and the number."""
    where, root = _addresses(), str(Path(__file__).parents[2])
    path = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": path}

    def run(index: int) -> Ended:
        command = [sys.executable, "-c", program, *words, where, str(index)]
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
            files = {"stdout": out, "stderr": err}
            code = subprocess.run(command, env=environment, timeout=timeout, **files).returncode
            seconds = time.monotonic()
            return Ended(code, seconds, *(file.seek(0) or file.read() for file in (out, err)))

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, range(2)))


def _addresses() -> str:
    """Two that nobody listens at."""
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("localhost", 0))
        return ",".join(f"localhost:{each.getsockname()[1]}" for each in (one, other))
