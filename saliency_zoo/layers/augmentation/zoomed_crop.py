"""Crops of many sizes that follow the saliency map, all brought to one size."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.augmentation.base import Augmentation


@keras.saving.register_keras_serializable("saliency_zoo")
class ZoomedCrop(Augmentation):
    """Crops a square of any size around a pixel as likely as it is salient, and resizes it.

    Two such crops of an image may show its object whole and in part, near and far. Outside of
    training the image is resized as a whole.

    Args:
        crop: side of what is given.
        smallest: side of the smallest square, as a share of the shorter side of the image.
        floor: added to the saliency of each pixel, so that none is ruled out; large values make
            all alike.
        seed: seed of the layer's own noise.
    """

    crops = True

    def __init__(self, crop: int = 4, smallest: float = 0.4, floor: float = 0.05, **kwargs):
        super().__init__(**kwargs)
        if crop < 1 or not 0 < smallest <= 1 or not floor > 0:
            raise ZooError(
                "A crop and its floor are positive, and the smallest is a share of the image. "
                f"Received: crop={crop}, smallest={smallest}, floor={floor}"
            )
        self.crop, self.smallest, self.floor = crop, smallest, floor

    def numbers(self, height, width):
        return 2

    def augment(self, images, maps, noise):
        height, width = images.shape[1:3]
        noise = ops.cast(noise, "float32")
        share = self.smallest + (1 - self.smallest) * noise[:, 0]
        side = share * min(height, width)
        y, x = self._pixel(maps, noise[:, 1])
        top = ops.clip(y + 0.5 - side / 2, 0, height - side)
        left = ops.clip(x + 0.5 - side / 2, 0, width - side)
        return self._resized(images, maps, top, left, side, side)

    def rest(self, images, maps):
        height, width = images.shape[1:3]
        zeros = ops.zeros_like(images[:, 0, 0, 0], dtype="float32")
        return self._resized(images, maps, zeros, zeros, zeros + height, zeros + width)

    def _pixel(self, maps, uniform):
        """Row and column of one pixel of each image."""
        height, width = maps.shape[1:3]
        salient = ops.maximum(ops.cast(maps, "float32"), 0)
        place = self.place(ops.reshape(salient, (-1, height * width)) + self.floor, uniform)
        return ops.cast(place // width, "float32"), ops.cast(place % width, "float32")

    def _resized(self, images, maps, top, left, tall, wide):
        rows = self._weights(top, tall, images.shape[1])
        columns = self._weights(left, wide, images.shape[2])

        def resize(arrays):
            weights = (ops.cast(w, arrays.dtype) for w in (rows, columns))
            return ops.einsum("nyh,nhwc,nxw->nyxc", next(weights), arrays, next(weights))

        return resize(images), resize(maps)

    def _weights(self, start, length, size):
        """How much each of `size` pixels counts in each of `crop`, (N, crop, size): triangles."""
        scale = length[:, None] / self.crop
        centres = start[:, None] + (ops.arange(self.crop, dtype="float32") + 0.5) * scale - 0.5
        centres = ops.clip(centres, 0, size - 1)
        apart = ops.abs(centres[:, :, None] - ops.arange(size, dtype="float32"))
        weights = ops.maximum(1 - apart / ops.maximum(scale, 1.0)[:, :, None], 0)
        return weights / ops.sum(weights, axis=2, keepdims=True)

    def compute_output_shape(self, input_shape):
        return [(shape[0], self.crop, self.crop, shape[3]) for shape in input_shape]

    def get_config(self):
        own = {"crop": self.crop, "smallest": self.smallest, "floor": self.floor}
        return {**super().get_config(), **own}
