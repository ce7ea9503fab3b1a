"""What all augmentations share.

Each takes images with their saliency maps and gives both back, as a function of uniform random
numbers. The pipeline draws these from (seed, epoch, index of the image) and hands them in as
`noise`, so that a resumed or a distributed run sees the same images; without `noise` a layer draws
its own.
"""

import keras
from keras import ops


class Augmentation(keras.layers.Layer):
    """Base of the augmentations: draws the noise, is active in training only.

    Args:
        seed: seed of the noise that the layer draws where none is handed in.

    Attributes:
        looks_back: on how many images before it in the batch what becomes of an image depends.
        crops: whether it gives images of another size, set by its argument `crop`.
    """

    looks_back, crops = 0, False

    def __init__(self, seed: int | None = None, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)

    def numbers(self, height, width):
        """How many random numbers an image of this size takes."""
        raise NotImplementedError

    def call(self, inputs, noise=None, training=None):
        images, maps = (ops.cast(part, self.compute_dtype) for part in inputs)
        if not training:
            return list(self.rest(images, maps))
        if noise is None:
            shape = (ops.shape(images)[0], self.numbers(*images.shape[1:3]))
            noise = keras.random.uniform(shape, dtype="float32", seed=self.generator)
        return list(self.augment(images, maps, noise))

    def rest(self, images, maps):
        """What is given outside of training."""
        return images, maps

    def augment(self, images, maps, noise):
        """Images (N, H, W, C) and maps (N, H, W, 1), changed; `noise` is (N, numbers)."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape):
        return [tuple(shape) for shape in input_shape]

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}

    def place(self, weights, uniform):
        """Index of one of the weights (N, count) of each image, as likely as it is large."""
        reached = ops.cumsum(weights, axis=1)
        before = reached <= ops.cast(uniform, "float32")[:, None] * reached[:, -1:]
        return ops.minimum(ops.sum(ops.cast(before, "int32"), axis=1), weights.shape[1] - 1)

    @classmethod
    def example(cls):
        return {}, ((2, 6, 6, 3), (2, 6, 6, 1))
