"""Hidden patches, salient ones or others."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.layers.augmentation.base import Augmentation


@keras.saving.register_keras_serializable("saliency_zoo")
class HidePatches(Augmentation):
    """Hides patches, salient ones or those that are not, under the image's mean colour.

    Which patches are hidden is drawn without repeats, with weights from the map (Efraimidis and
    Spirakis, 2006). The map stays whole, as the target of what has to be guessed.

    Args:
        share: of the patches that are hidden.
        patch: side of a patch; it divides the sides of the image.
        what: `"salient"`, `"background"`, or `"any"` patch alike.
        seed: seed of the layer's own noise.
    """

    def __init__(self, share: float = 0.5, patch: int = 2, what: str = "salient", **kwargs):
        super().__init__(**kwargs)
        if not 0 <= share <= 1 or patch < 1:
            raise ZooError(
                "A share lies in [0, 1] and a patch has a pixel at least. "
                f"Received: share={share}, patch={patch}"
            )
        if what not in ("salient", "background", "any"):
            raise unknown("kind of patches", what, ["salient", "background", "any"])
        self.share, self.patch, self.what = share, patch, what

    def numbers(self, height, width):
        if height % self.patch or width % self.patch:
            raise ZooError(
                f"Patches divide images of {height}x{width} evenly. Received: patch={self.patch}"
            )
        return (height // self.patch) * (width // self.patch)

    def augment(self, images, maps, noise):
        rows, columns = (side // self.patch for side in images.shape[1:3])
        hidden = round(self.share * self.numbers(*images.shape[1:3]))
        salient = ops.clip(ops.cast(maps, "float32"), 0, 1)
        means = ops.average_pool(salient, self.patch, self.patch, data_format="channels_last")
        weights = {"salient": means, "background": 1 - means, "any": ops.ones_like(means)}
        weights = ops.reshape(weights[self.what], (-1, rows * columns)) + 1e-3
        keys = ops.log(ops.maximum(ops.cast(noise, "float32"), 1e-30)) / weights
        ranks = ops.argsort(ops.argsort(-keys, axis=1), axis=1)
        cover = ops.reshape(ops.cast(ranks < hidden, images.dtype), (-1, rows, columns, 1))
        cover = ops.repeat(ops.repeat(cover, self.patch, axis=1), self.patch, axis=2)
        colour = ops.mean(images, axis=(1, 2), keepdims=True)
        return images * (1 - cover) + colour * cover, maps

    def get_config(self):
        own = {"share": self.share, "patch": self.patch, "what": self.what}
        return {**super().get_config(), **own}
