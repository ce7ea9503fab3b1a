"""Mean 0 and deviation 1 in each image."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("saliency_zoo")
class ImageStandardisation(keras.layers.Layer):
    """Mean 0 and deviation 1 in each image, over all pixels and channels.

    It takes away what the light was, and leaves an even image at 0: the deviation counts as no
    less than `1 / sqrt(numbers of an image)`, as in `tf.image.per_image_standardization`.

    Example:
        >>> ImageStandardisation()(images / 255)
    """

    def call(self, inputs, reverse=False):
        if reverse:  # a picture of middling brightness and contrast: what an image had is gone
            return inputs * 0.25 + 0.5
        # Sixteen bits are too few for sums over all pixels.
        values = ops.cast(inputs, "float32")
        floor = ops.cast(ops.size(values[0]), "float32") ** -0.5
        axes = tuple(range(1, len(inputs.shape)))
        centred = values - ops.mean(values, axes, keepdims=True)
        deviation = ops.sqrt(ops.maximum(ops.mean(centred**2, axes, keepdims=True), floor**2))
        return ops.cast(centred / deviation, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape
