"""Patches that are hidden, salient ones or others."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.augmentation.hide_patches import HidePatches
from saliency_zoo.layers.corruption.base import Corruption


@keras.saving.register_keras_serializable("saliency_zoo")
class PatchCorruption(Corruption):
    """Hides patches under the sample's mean colour, the salient ones more often than others.

    What is hidden has to be guessed from what is not. Maps of another size than the input, such
    as those of codes, are resized to it; without a map all patches are alike.

    Args:
        share: of the patches that are hidden.
        patch: side of a patch; it divides the sides of the input.
        what: `"salient"`, `"background"`, or `"any"` patch alike.
        seed: seed of the layer's own noise.
    """

    def __init__(self, share: float = 0.5, patch: int = 2, what: str = "salient", **kwargs):
        super().__init__(**kwargs)
        self.patches = HidePatches(share=share, patch=patch, what=what)
        self.uses_saliency = what != "any"

    def build(self, input_shape):
        self.patches.build(input_shape)

    def noise_shape(self, shape):
        if len(shape) != 3:
            raise ZooError(
                "Patches are hidden in inputs with rows and columns. "
                f"Received: an input of shape {tuple(shape)}"
            )
        return (self.patches.numbers(*shape[:2]),)

    def corrupt(self, inputs, noise, saliency):
        size = inputs.shape[1:3]
        if saliency is None:
            saliency = ops.ones_like(inputs[..., :1])
        elif saliency.shape[1:3] != size:
            saliency = ops.image.resize(saliency, size, antialias=True)
        return self.patches.augment(inputs, saliency, noise)[0]

    def get_config(self):
        own = {name: getattr(self.patches, name) for name in ("share", "patch", "what")}
        return {**super().get_config(), **own}
