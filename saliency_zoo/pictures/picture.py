"""`picture`: one door to every kind of picture."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo.data import image_set
from saliency_zoo.data.images import SUFFIXES, read_image, write_image
from saliency_zoo.data.synthetic import synthetic
from saliency_zoo.errors import ZooError
from saliency_zoo.pictures import output
from saliency_zoo.pictures.subject import Subject
from saliency_zoo.registry import datasets, parameters, pictures, split
from saliency_zoo.training.inputs import sized

SCENES = 1000
Data = str | Mapping[str, Any] | np.ndarray


def picture(name: str | Path, kind: str, data: Data | None = None, **options: Any) -> np.ndarray:
    """Draws a picture of what a model has learnt.

    Args:
        name: a preset, or the path of one or of a finished run.
        kind: a name in the registry of pictures, e.g. `"filters"`.
        data: what images the picture is drawn with, where it is drawn with any: an image set, by
            its name or as a table of name and options; an image file; or uint8 images
            `(N, H, W, C)`. By default generated scenes.
        **options: of the picture.

    Returns:
        uint8, `(height, width, 3)`.

    Example:
        >>> shown = zoo.picture("thesis_conv.dual_path_quickstart", "filters")
    """
    subject = Subject(name)
    if "images" in (parameters(pictures[kind]) or ()):
        return pictures.create({"name": kind, **options}, subject, images_of(subject, data))
    if data is not None:
        raise ZooError(f"The picture {kind!r} is drawn without images. Received: data={data!r}")
    return pictures.create({"name": kind, **options}, subject)


def images_of(subject: Subject, data: Data | None = None) -> np.ndarray:
    """The images that a picture is drawn with: test images, or else unlabelled or training ones.

    Args:
        subject: the preset.
        data: as `picture` takes it.
    """
    if isinstance(data, np.ndarray):
        return image_set.Split(data).images
    channels = subject.card["model"]["network"]["channels"]
    size = subject.card["model"]["preprocessing"]["size"]
    if data is None:
        seed = subject.card["golden"]["seed"]
        return synthetic(size=size, seed=seed, test=SCENES).split("test").images[..., :channels]
    if isinstance(data, str) and Path(data).suffix.lower() in SUFFIXES:
        return read_image(data, channels)[None]
    spec, options = split(data, "image set")
    own = subject.recipe.data
    if spec == own.name:  # as the run read it, so that maps are of the same images
        options = sized(spec, own.size, {**own.options, **options})
    elif "size" in (parameters(datasets[spec.partition(":")[0]]) or ()):
        options = {"size": size, **options}
    found = image_set.load(spec, **options)
    name = next(key for key in ("test", "unlabelled", "train") if key in found.splits)
    return found.split(name).images


def save(
    name: str | Path, kind: str, out: str | Path | None = None, data: Data | None = None, **options
) -> Path:
    """Draws a picture and writes it as PNG.

    Args:
        name: a preset, or the path of one or of a finished run.
        kind: a name in the registry of pictures.
        out: the file; by default the preset's name with the kind, in the working directory.
        data: as `picture` takes it.
        **options: of the picture.

    Returns:
        The file.
    """
    path = Path(f"{Path(name).resolve().name}.{kind}.png" if out is None else out)
    output.check_file(path)
    write_image(path, picture(name, kind, data, **options))
    return path


def kinds() -> dict[str, str]:
    """What each kind of picture shows."""
    return {
        kind: inspect.getdoc(pictures[kind]).partition("\n\n")[0].replace("\n", " ")
        for kind in pictures
    }
