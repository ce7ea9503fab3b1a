"""Other light and other colours."""

import math

import keras
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.augmentation.base import Augmentation

# Lightness, and the two directions of colour, of the American colour television standard (YIQ).
_LIGHTNESS = (0.299, 0.587, 0.114)
_COLOURS = ((0.596, -0.274, -0.322), (0.211, -0.523, 0.312))
_BACK = ((0.956, -0.272, -1.106), (0.621, -0.647, 1.703))


@keras.saving.register_keras_serializable("saliency_zoo")
class Colour(Augmentation):
    """Changes brightness, contrast, saturation and hue, or takes all colour away.

    Grey images have brightness and contrast alone. Values stay in 0..255.

    Args:
        strength: the factors of brightness, contrast and saturation lie within this of 1.
        hue: the largest turn of the hue, as a share of the circle.
        grey: share of the images that lose their colour.
        seed: seed of the layer's own noise.
    """

    def __init__(self, strength: float = 0.4, hue: float = 0.1, grey: float = 0.2, **kwargs):
        super().__init__(**kwargs)
        for name, value, high in (("strength", strength, 1), ("hue", hue, 0.5), ("grey", grey, 1)):
            if not 0 <= value <= high:
                raise ZooError(f"The option {name} lies in [0, {high}]. Received: {value}")
        self.strength, self.hue, self.grey = strength, hue, grey

    def numbers(self, height, width):
        return 5

    def augment(self, images, maps, noise):
        noise = ops.cast(noise, "float32")[:, :, None, None, None]
        brightness, contrast, saturation = (
            1 + self.strength * (2 * noise[:, n] - 1) for n in range(3)
        )
        turn = 2 * math.pi * self.hue * (2 * noise[:, 3] - 1)
        saturation = ops.where(noise[:, 4] < self.grey, 0.0, saturation)
        images = brightness * ops.cast(images, "float32")
        mean = ops.mean(self._lightness(images), axis=(1, 2), keepdims=True)
        images = mean + contrast * (images - mean)
        if images.shape[-1] == 3:
            images = self._coloured(images, saturation, turn)
        return ops.cast(ops.clip(images, 0, 255), self.compute_dtype), maps

    def _lightness(self, images):
        if images.shape[-1] != 3:
            return ops.mean(images, axis=-1, keepdims=True)
        return ops.sum(images * ops.convert_to_tensor(_LIGHTNESS), axis=-1, keepdims=True)

    def _coloured(self, images, saturation, turn):
        one, other = (
            ops.sum(images * ops.convert_to_tensor(axis), axis=-1, keepdims=True)
            for axis in _COLOURS
        )
        cosine, sine = saturation * ops.cos(turn), saturation * ops.sin(turn)
        turned = cosine * one - sine * other, sine * one + cosine * other
        back = (part * ops.convert_to_tensor(row) for part, row in zip(turned, _BACK, strict=True))
        return self._lightness(images) + sum(back)

    def get_config(self):
        own = {"strength": self.strength, "hue": self.hue, "grey": self.grey}
        return {**super().get_config(), **own}
