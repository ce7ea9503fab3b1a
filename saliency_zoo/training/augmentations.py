"""The augmentations that a recipe names for pre-training, as layers for the pipeline."""

from typing import Any

from saliency_zoo.config import Recipe
from saliency_zoo.errors import ZooError
from saliency_zoo.registry import layers, split

_CROP = "salient_crop"


def augmentations(recipe: Recipe) -> list[Any]:
    """The layers of `train.augment`, in order, tried on the size of the recipe's images."""
    found, side = [], recipe.data.size
    for spec in recipe.train.augment:
        name, options = split(spec, "layer")
        if name == _CROP:
            if recipe.data.crop is None:
                raise ZooError(f"The augmentation {_CROP!r} needs data.crop. Received: none")
            options = {**options, "crop": recipe.data.crop}
        layer = layers.create({**options, "name": f"augmentation.{name}"})
        layer.numbers(*(2 * [side if crops(recipe) else recipe.data.crop or side]))
        side = recipe.data.crop if name == _CROP else side
        found.append(layer)
    return found


def crops(recipe: Recipe) -> bool:
    """Whether an augmentation does the cropping, so that the pipeline must not."""
    return any(split(spec, "layer")[0] == _CROP for spec in recipe.train.augment)
