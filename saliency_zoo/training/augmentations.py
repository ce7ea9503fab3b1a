"""The augmentations that a recipe names for one of its phases, as layers for the pipeline."""

from typing import Any

from saliency_zoo.errors import ZooError
from saliency_zoo.recipe import Recipe
from saliency_zoo.registry import layers, split


def augmentations(recipe: Recipe, phase: str = "train") -> list[Any]:
    """The layers of `augment`, in order, tried on the size of the recipe's images.

    Args:
        recipe: the recipe.
        phase: `"train"` or `"finetune"`.
    """
    found, data = [], recipe.data
    side = data.size if crops(recipe, phase) else data.crop or data.size
    for spec in getattr(recipe, phase).augment:
        name, options = split(spec, "layer")
        cropping = _crops(name)
        if cropping and data.crop is None:
            raise ZooError(f"The augmentation {name!r} needs data.crop. Received: none")
        if cropping and "crop" in options:
            raise ZooError(
                f"The augmentation {name!r} crops data.crop, here {data.crop}. "
                f"Received: crop={options['crop']!r}"
            )
        options = {**options, "crop": data.crop} if cropping else options
        layer = layers.create({**options, "name": f"augmentation.{name}"})
        layer.numbers(side, side)
        side = data.crop if cropping else side
        found.append(layer)
    return found


def crops(recipe: Recipe, phase: str = "train") -> bool:
    """Whether an augmentation does the cropping, so that the pipeline must not."""
    return any(_crops(split(spec, "layer")[0]) for spec in getattr(recipe, phase).augment)


def _crops(name: str) -> bool:
    return getattr(layers.resolve(f"augmentation.{name}")[0], "crops", False)
