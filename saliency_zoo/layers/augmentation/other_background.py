"""The object of one image on the background of another."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError
from saliency_zoo.layers.augmentation.base import Augmentation


@keras.saving.register_keras_serializable("saliency_zoo")
class OtherBackground(Augmentation):
    """Copies the salient object of an image onto its neighbour in the batch.

    What is salient beyond twice the threshold is copied whole, what is below it not at all, and
    in between the two are blended. The map stays that of the object.

    Args:
        rate: share of the images to which this is done.
        threshold: saliency at which the object begins.
        seed: seed of the layer's own noise.
    """

    looks_back = 1

    def __init__(self, rate: float = 0.5, threshold: float = 0.25, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate <= 1 or not threshold > 0:
            raise ZooError(
                "A rate lies in [0, 1] and a threshold is positive. "
                f"Received: rate={rate}, threshold={threshold}"
            )
        self.rate, self.threshold = rate, threshold

    def numbers(self, height, width):
        return 1

    def augment(self, images, maps, noise):
        object_ = ops.clip(maps / self.threshold - 1, 0, 1)
        done = ops.cast(noise[:, :1, None, None] < self.rate, images.dtype)
        keep = 1 - done * (1 - object_)
        return images * keep + ops.roll(images, 1, axis=0) * (1 - keep), maps

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "threshold": self.threshold}
