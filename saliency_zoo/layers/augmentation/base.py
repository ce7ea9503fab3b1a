"""What all augmentations share: each takes images with their maps and gives both back."""

from keras import ops

from saliency_zoo.layers.noisy import Noisy


class Augmentation(Noisy):
    """Base of the augmentations, which are active in training only.

    Attributes:
        looks_back: on how many images before it in the batch what becomes of an image depends.
        crops: whether it gives images of another size, set by its argument `crop`.
    """

    looks_back, crops = 0, False

    def numbers(self, height, width):
        """How many random numbers an image of this size takes."""
        raise NotImplementedError

    def noise_shape(self, shape):
        return (self.numbers(*shape[:2]),)

    def call(self, inputs, noise=None, training=None):
        images, maps = (ops.cast(part, self.compute_dtype) for part in inputs)
        if not training:
            return list(self.rest(images, maps))
        if noise is None:
            noise = self.draw(images)
        return list(self.augment(images, maps, noise))

    def rest(self, images, maps):
        """What is given outside of training."""
        return images, maps

    def augment(self, images, maps, noise):
        """Images (N, H, W, C) and maps (N, H, W, 1), changed; `noise` is (N, numbers)."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape):
        return [tuple(shape) for shape in input_shape]

    def place(self, weights, uniform):
        """Index of one of the weights (N, count) of each image, as likely as it is large."""
        reached = ops.cumsum(weights, axis=1)
        before = reached <= ops.cast(uniform, "float32")[:, None] * reached[:, -1:]
        return ops.minimum(ops.sum(ops.cast(before, "int32"), axis=1), weights.shape[1] - 1)

    @classmethod
    def example(cls):
        return {}, ((2, 6, 6, 3), (2, 6, 6, 1))
