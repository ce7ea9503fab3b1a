"""TensorFlow Serving: a folder of SavedModels, and the two files that its flags name."""

import shutil
from pathlib import Path

from saliency_zoo.serving.targets.target import Served

_MODEL = """\
  config {{
    name: "{name}"
    base_path: "/models/{name}"
    model_platform: "tensorflow"
  }}
"""
_BATCHING = """\
# For --enable_batching, where all requests bring images of one size.
max_batch_size { value: 32 }
batch_timeout_micros { value: 0 }
max_enqueued_batches { value: 256 }
"""


def fill(folder: Path, served: Served) -> None:
    """Writes the versions of a model, as the engine lays them out.

    Args:
        folder: of the model, which it makes.
        served: the model.
    """
    for number, source in served.versions.items():
        shutil.copytree(source, folder / str(number))


def beside(out: Path, served: Served) -> dict[str, str]:
    """The files that configure the engine: every model of the folder, and how it makes batches.

    The latter is to be tuned, and left as it is where it is there.

    Args:
        out: the folder of models.
        served: the model that was written.
    """
    names = {served.name, *(p.parent.parent.name for p in out.glob("[!.]*/[0-9]*/saved_model.pb"))}
    models = "".join(_MODEL.format(name=name) for name in sorted(names))
    batching = {} if (out / "batching.config").exists() else {"batching.config": _BATCHING}
    return {"models.config": f"model_config_list {{\n{models}}}\n", **batching}
