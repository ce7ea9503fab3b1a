"""Triton: a model repository for its Python backend, which runs the SavedModel on TensorFlow."""

import shutil
from pathlib import Path

from saliency_zoo.serving.endpoints import INPUT
from saliency_zoo.serving.targets.target import Served

_CONFIG = """\
name: "{name}"
backend: "python"
max_batch_size: 32
input [
{inputs}
]
output [
{outputs}
]
dynamic_batching {{ }}
"""
_TYPES = {"uint8": "TYPE_UINT8", "float32": "TYPE_FP32"}


def fill(folder: Path, served: Served) -> None:
    """Writes a model: its configuration, and for each version a SavedModel and what runs it.

    Args:
        folder: of the model, which it makes.
        served: the model.
    """
    for number, source in served.versions.items():
        shutil.copytree(source, folder / str(number) / "saved_model")
        shutil.copyfile(Path(__file__).with_name("triton_model.py"), folder / f"{number}/model.py")
    (folder / "config.pbtxt").write_text(configuration(served), encoding="utf-8")


def beside(out: Path, served: Served) -> dict[str, str]:
    """Nothing: a model repository is the folders of its models."""
    return {}


def configuration(served: Served) -> str:
    """The configuration of a model whose outputs are those of all signatures."""
    (channels,) = {signature.channels for signature in served.signatures.values()}
    outputs = {}
    for signature in served.signatures.values():
        for output, (dtype, shape) in signature.outputs.items():
            outputs[output] = _tensor(output, dtype, shape[1:])
    image = _tensor(INPUT, "uint8", (-1, -1, channels))
    return _CONFIG.format(
        name=served.name,
        inputs=image,
        outputs=",\n".join(outputs[name] for name in sorted(outputs)),
    )


def _tensor(name: str, dtype: str, shape: tuple[int, ...]) -> str:
    return f'  {{ name: "{name}", data_type: {_TYPES[dtype]}, dims: {list(shape)} }}'
