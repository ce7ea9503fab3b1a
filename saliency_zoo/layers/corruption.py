"""Corruptions for denoising learners.

Each is a function of uniform random numbers. The training loop draws these from (seed, epoch,
index of the image) and hands them in as `noise`, so that a resumed or a distributed run sees the
same corruption; without `noise` the layer draws its own.
"""

import keras
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.augmentations.hide_patches import HidePatches


class Corruption(keras.layers.Layer):
    """Base of the corruptions: draws the noise, is active in training only.

    Args:
        seed: seed of the noise that the layer draws where none is handed in.

    Attributes:
        uses_saliency: whether it looks at the saliency map.
    """

    uses_saliency = False

    def __init__(self, seed=None, **kwargs):
        # No autocast: in 16 bits, uniform noise has too few values to draw rare events from.
        super().__init__(autocast=False, **kwargs)
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, noise=None, saliency=None, training=None):
        inputs = ops.cast(inputs, self.compute_dtype)
        if not training:
            return inputs
        if noise is None:
            shape = (ops.shape(inputs)[0], *self.noise_shape(inputs.shape[1:]))
            noise = keras.random.uniform(shape, dtype="float32", seed=self.generator)
        return self.corrupt(inputs, noise, saliency)

    def corrupt(self, inputs, noise, saliency):
        """The corrupted inputs, from noise in [0, 1) and, where it is known, their saliency."""
        raise NotImplementedError

    def noise_shape(self, shape):
        """The random numbers that a sample of this shape takes; one an element by default."""
        return tuple(shape)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}

    @classmethod
    def example(cls):
        return {}, (2, 6, 6, 3)


class _RateCorruption(Corruption):
    def __init__(self, rate=0.25, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate <= 1:
            raise ZooError(f"A corruption rate lies in [0, 1]. Received: rate={rate}")
        self.rate = rate

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}


@keras.saving.register_keras_serializable("saliency_zoo")
class MaskingCorruption(_RateCorruption):
    """Sets each element to zero with probability `rate`.

    Args:
        rate: share of the elements that are lost.
        seed: seed of the layer's own noise.
    """

    def corrupt(self, inputs, noise, saliency):
        return ops.where(noise < self.rate, ops.zeros_like(inputs), inputs)


@keras.saving.register_keras_serializable("saliency_zoo")
class SaltAndPepperCorruption(_RateCorruption):
    """Sets each element to the sample's minimum or maximum, with probability `rate / 2` each.

    Args:
        rate: share of the elements that are lost.
        seed: seed of the layer's own noise.
    """

    def corrupt(self, inputs, noise, saliency):
        axes = tuple(range(1, len(inputs.shape)))
        low, high = (f(inputs, axis=axes, keepdims=True) for f in (ops.min, ops.max))
        corrupted = ops.where(noise < self.rate / 2, low, high)
        return ops.where(noise < self.rate, corrupted, inputs)


@keras.saving.register_keras_serializable("saliency_zoo")
class GaussianCorruption(Corruption):
    """Adds normal noise.

    Args:
        stddev: standard deviation of the noise.
        seed: seed of the layer's own noise.
    """

    def __init__(self, stddev=0.3, **kwargs):
        super().__init__(**kwargs)
        if stddev < 0:
            raise ZooError(f"A standard deviation is at least 0. Received: stddev={stddev}")
        self.stddev = stddev

    def corrupt(self, inputs, noise, saliency):
        # Inverse of the normal distribution function; the clip keeps it within 5 deviations.
        centred = ops.clip(2 * ops.cast(noise, "float32") - 1, -1 + 5e-7, 1 - 5e-7)
        normal = 2**0.5 * ops.erfinv(centred)
        return inputs + self.stddev * ops.cast(normal, inputs.dtype)

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev}


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

    def __init__(self, share=0.5, patch=2, what="salient", **kwargs):
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
