"""Crops that follow the saliency map."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.augmentation.base import Augmentation


@keras.saving.register_keras_serializable("saliency_zoo")
class SalientCrop(Augmentation):
    """Crops a square, at a place as likely as it is salient; the centre outside of training.

    A plain random crop of a photograph often misses what it shows.

    Args:
        crop: side of the square.
        floor: added to the mean saliency of each place, so that none is ruled out; large values
            make all places alike.
        seed: seed of the layer's own noise.
    """

    crops = True

    def __init__(self, crop: int = 4, floor: float = 0.05, **kwargs):
        super().__init__(**kwargs)
        if crop < 1 or not floor > 0:
            raise ZooError(
                f"A crop and its floor are positive. Received: crop={crop}, floor={floor}"
            )
        self.crop, self.floor = crop, floor

    def numbers(self, height, width):
        return 1

    def augment(self, images, maps, noise):
        salient = ops.maximum(ops.cast(maps, "float32"), 0)
        means = ops.average_pool(salient, self.crop, 1, "valid", data_format="channels_last")
        columns = means.shape[2]
        weights = ops.reshape(means, (-1, means.shape[1] * columns)) + self.floor
        place = self.place(weights, noise[:, 0])
        top, left = place // columns, place % columns
        return self._window(images, top, left), self._window(maps, top, left)

    def _window(self, arrays, top, left):
        height, width, channels = arrays.shape[1:]
        across = ops.arange(self.crop)
        rows, columns = top[:, None] + across, left[:, None] + across
        cells = ops.reshape(rows[:, :, None] * width + columns[:, None], (-1, self.crop**2, 1))
        flat = ops.reshape(arrays, (-1, height * width, channels))
        picked = ops.take_along_axis(flat, ops.repeat(cells, channels, axis=2), axis=1)
        return ops.reshape(picked, (-1, self.crop, self.crop, channels))

    def rest(self, images, maps):
        top, left = ((side - self.crop) // 2 for side in images.shape[1:3])
        bottom, right = top + self.crop, left + self.crop
        return images[:, top:bottom, left:right], maps[:, top:bottom, left:right]

    def compute_output_shape(self, input_shape):
        return [(shape[0], self.crop, self.crop, shape[3]) for shape in input_shape]

    def get_config(self):
        return {**super().get_config(), "crop": self.crop, "floor": self.floor}
