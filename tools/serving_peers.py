"""Other servers with the same SavedModel, each in a process of its own, for the benchmarks."""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from saliency_zoo import presets

_RUNTIME = '''\
import tensorflow as tf
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse


class Runtime(MLModel):
    """Runs the default signature of a SavedModel."""

    async def load(self):
        self._model = tf.saved_model.load(self.settings.parameters.uri)
        self._call = self._model.signatures["serving_default"]
        return True

    async def predict(self, payload):
        images = NumpyCodec.decode_input(payload.inputs[0])
        scores = self._call(image=tf.constant(images))["scores"].numpy()
        outputs = [NumpyCodec.encode_output("scores", scores)]
        return InferenceResponse(model_name=self.name, outputs=outputs)
'''


@contextlib.contextmanager
def ours(preset: str, *options: str) -> Iterator[tuple[str, int]]:
    """The address of our server, and its process."""
    line = [sys.executable, "-m", "saliency_zoo", "serve", preset, "--port", "0", *options]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield re.search(r"http://\S+", process.stdout.readline())[0], process.pid
        finally:
            process.terminate()


@contextlib.contextmanager
def triton(python: str, preset: str, folder: Path) -> Iterator[tuple[str, int]]:
    """The Triton that the wheel `nvidia-pytriton` holds, on what `export --target triton` writes.

    Args:
        python: an interpreter that has `nvidia-pytriton` and `tensorflow`.
        preset: the model.
        folder: for its repository.
    """
    packages = Path(_asked(python, "import pytriton; print(pytriton.__path__[0])")).parent
    there = packages / "pytriton" / "tritonserver"
    version = _asked(python, "import sys; print('%d.%d' % sys.version_info[:2])")
    backends = folder / "backends"
    shutil.copytree(there / "backends", backends)
    stub = there / "python_backend_stubs" / version / "triton_python_backend_stub"
    shutil.copy(stub, backends / "python")
    export = [sys.executable, "-m", "saliency_zoo", "export", preset, "--target", "triton"]
    repository = folder / "repository"
    subprocess.run([*export, "--out", repository], check=True, stdout=subprocess.DEVNULL)
    port = _free_port()
    line = [there / "bin" / "tritonserver", f"--model-repository={repository}"]
    line += [f"--backend-directory={backends}", f"--http-port={port}"]
    line += ["--http-address=127.0.0.1", "--allow-grpc=false", "--allow-metrics=false"]
    environment = {
        "PATH": f"{Path(python).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(packages),
        "LD_LIBRARY_PATH": str(packages / "nvidia_pytriton.libs"),
    }
    with _started(line, port, "/v2/health/ready", folder, environment) as found:
        yield found


@contextlib.contextmanager
def mlserver(python: str, preset: str, folder: Path) -> Iterator[tuple[str, int]]:
    """MLServer with a runtime of its own for the SavedModel, and its adaptive batching.

    Args:
        python: an interpreter that has `mlserver` and `tensorflow`.
        preset: the model.
        folder: for its configuration.
    """
    saved = Path(presets.find(preset)).resolve() / presets.SERVING / "1"
    (folder / "runtime.py").write_text(_RUNTIME)
    model = {
        "name": presets.card(preset)["name"],
        "implementation": "runtime.Runtime",
        "max_batch_size": 32,
        "max_batch_time": 0.002,
        "parameters": {"uri": str(saved)},
    }
    (folder / "model-settings.json").write_text(json.dumps(model))
    port, others = _free_port(), (_free_port(), _free_port())
    settings = {"host": "127.0.0.1", "http_port": port, "parallel_workers": 0, "debug": False}
    settings |= {"grpc_port": others[0], "metrics_port": others[1]}
    (folder / "settings.json").write_text(json.dumps(settings))
    line = [Path(python).with_name("mlserver"), "start", folder]
    with _started(line, port, "/v2/health/ready", folder, {"PYTHONPATH": str(folder)}) as found:
        yield found


@contextlib.contextmanager
def _started(
    line: list, port: int, ready: str, folder: Path, environment: Mapping[str, str]
) -> Iterator[tuple[str, int]]:
    """A server's address and process, once it is ready."""
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            list(map(str, line)), env={**os.environ, **environment}, stdout=log, stderr=log
        )
    try:
        for _ in range(600):
            time.sleep(0.2)
            if process.poll() is not None:
                raise SystemExit((folder / "log").read_text()[-3000:])
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(url + ready).close()
                break
        yield url, process.pid
    finally:
        process.terminate()
        process.wait()


def _asked(python: str, program: str) -> str:
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]
