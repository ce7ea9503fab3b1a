"""What a run works on: images at the recipe's size, their saliency maps, folds and scaling."""

import functools
import inspect
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo import cards
from saliency_zoo.data import image_set
from saliency_zoo.data.image_set import ImageSet, Split
from saliency_zoo.data.mapping import chunks, joined, release, room
from saliency_zoo.data.pipeline import centred
from saliency_zoo.data.scaling import Scaling
from saliency_zoo.errors import ZooError
from saliency_zoo.recipe import Part, Recipe
from saliency_zoo.registry import datasets
from saliency_zoo.saliency.detect import located
from saliency_zoo.training import beginning

CACHE_VARIABLE = "SALIENCY_ZOO_CACHE"


@dataclass(frozen=True, eq=False)
class Inputs:
    """The images of a recipe.

    Args:
        recipe: the recipe.
        labelled: the image set with labels.
        unlabelled: the image set that holds the unlabelled split; often the same.
        folder: the run's folder, for the cache of saliency maps.
        fitted: the scaling of an encoder that is there already; None fits one to these images.
    """

    recipe: Recipe
    labelled: ImageSet
    unlabelled: ImageSet
    folder: Path
    fitted: Scaling | None = None
    _splits: dict[str, Split] = field(default_factory=dict, init=False)
    _maps: dict[str, np.ndarray] = field(default_factory=dict, init=False)

    @classmethod
    def read(cls, recipe: Recipe, folder: Path) -> "Inputs":
        """Finds the image sets that the recipe names."""
        labelled = read(recipe)
        other = recipe.data.unlabelled
        unlabelled = labelled if other is None else read(recipe, other)
        return cls(recipe, labelled, unlabelled, folder)

    @functools.cached_property
    def pretraining(self) -> np.ndarray:
        """The images that pre-training sees, at the recipe's size."""
        return joined([resized(part, self.recipe.data.size) for part in self.originals])

    @functools.cached_property
    def originals(self) -> list[np.ndarray]:
        """The same as they were read, by split: one set may be larger than the other."""
        which = self.recipe.data.pretrain_on
        parts = []
        if which != "train":
            parts.append(self.unlabelled.split("unlabelled").images)
        if which != "unlabelled":
            parts.append(self.labelled.split("train").images)
        same_channels(*(part.shape[-1] for part in parts))
        return parts

    @functools.cached_property
    def detector(self) -> Part:
        """The recipe's detector; a network that draws is found from the recipe's folder."""
        part = self.recipe.saliency
        return Part(part.name, located(part.name, part.options, self.recipe.folder))

    @functools.cached_property
    def maps(self) -> np.ndarray:
        """Their saliency maps, at the recipe's size."""
        return joined([self._maps_of(part) for part in self.originals])

    def split_maps(self, name: str) -> np.ndarray:
        """The saliency maps of a labelled split, at the recipe's size."""
        if name not in self._maps:
            self._maps[name] = self._maps_of(self.labelled.split(name).images)
        return self._maps[name]

    def _maps_of(self, originals: np.ndarray) -> np.ndarray:
        """Computed once, from the original images: the larger these are, the better the maps."""
        from saliency_zoo.saliency.store import maps

        found = maps(originals, self.detector.name, self.detector.options, self.cache)
        return resized(found[..., None], self.recipe.data.size)[..., 0]

    @functools.cached_property
    def scaling(self) -> Scaling:
        """Fitted to the images of pre-training, unless it is given or comes with an encoder."""
        return (
            self.fitted
            or beginning.scaling(self.recipe)
            or Scaling.fit(
                self.pretraining,
                self.recipe.data.scaling.spec,
                crop=functools.partial(centred, crop=self.recipe.data.crop),
            )
        )

    @property
    def cache(self) -> Path:
        """The folder of what is computed once: the run's own, or one that runs share."""
        return Path(os.environ.get(CACHE_VARIABLE) or self.own_cache)

    @property
    def own_cache(self) -> Path:
        """The run's own."""
        return self.folder / cards.SCRATCH / "cache"

    @property
    def channels(self) -> int:
        """Channels of the images."""
        return self.originals[0].shape[-1]

    @property
    def checksums(self) -> dict[str, str]:
        """What was read, by the names in the recipe."""
        data = self.recipe.data
        found = {data.name: self.labelled.checksum}
        return {**found, data.unlabelled or data.name: self.unlabelled.checksum}

    def split(self, name: str) -> Split:
        """A labelled split at the recipe's size."""
        if name not in self._splits:
            self._splits[name] = self._read_split(name)
        return self._splits[name]

    def _read_split(self, name: str) -> Split:
        split = self.labelled.split(name)
        if split.labels is None:
            raise ZooError(f"The split {name!r} of {self.labelled.name!r} carries no labels.")
        return Split(resized(split.images, self.recipe.data.size), split.labels)


def same_channels(*channels: int) -> None:
    """Refuses colour beside grey: one network sees all of the images."""
    if len(set(channels)) > 1:
        raise ZooError(
            "All images of a recipe have as many channels; data.options.channels makes them, where "
            f"the reader has it. Received: images of {min(channels)} and of {max(channels)}"
        )


def read(recipe: Recipe, spec: str | None = None) -> ImageSet:
    """The image set of a recipe, or another one with the same options."""
    spec = spec or recipe.data.name
    options = sized(spec, recipe.data.size, recipe.data.options)
    return image_set.load(spec, root=recipe.folder, **options)


def sized(spec: str, size: int, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a reader and, where it draws scenes, the size to draw them at.

    Photographs are read as they are: their maps are better the larger they are, and one layer
    resizes them wherever they are used.
    """
    known = inspect.signature(datasets[spec.partition(":")[0]]).parameters.get("size")
    drawn = known is not None and known.default is not None
    return {"size": size, **options} if drawn else dict(options)


def resized(images: np.ndarray, size: int, chunk: int = 512) -> np.ndarray:
    """Images at a size, by the very layer that travels with the exported model."""
    if images.shape[1:3] == (size, size):
        return images
    import keras

    from saliency_zoo.layers.preprocess import resizing

    layer = resizing(size)
    whole = images.dtype == np.uint8
    result = room((len(images), size, size, images.shape[-1]), images.dtype)
    for rows in chunks(len(images), chunk):
        part = keras.ops.convert_to_numpy(layer(np.asarray(images[rows], "float32")))
        result[rows] = np.clip(np.rint(part), 0, 255) if whole else part
        release(images)
        release(result)
    return result
