"""The resizing of images out of operations that every form has.

ONNX and LiteRT know no resizing that looks at all pixels of an image that shrinks. But resizing is
linear in rows and in columns: two matrix products, whose matrices follow from the image's size.
"""

from typing import Any

import keras


class MatrixResizing(keras.layers.Layer):
    """The middle square of images (N, H, W, C), resized bilinearly with antialiasing.

    Args:
        size: height and width of the result.
    """

    def __init__(self, size: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.size = size

    def call(self, images: Any) -> Any:
        import tensorflow as tf

        batch, height, width, _ = tf.unstack(tf.shape(images))
        size, channels, side = self.size, images.shape[-1], tf.minimum(height, width)
        rows, columns = self._weights(height, side), self._weights(width, side)
        images = tf.reshape(tf.cast(images, "float32"), (batch, height, width * channels))
        images = tf.reshape(rows @ images, (batch, size, width, channels))
        images = tf.reshape(tf.transpose(images, (0, 2, 1, 3)), (batch, width, size * channels))
        images = tf.reshape(columns @ images, (batch, size, size, channels))
        return tf.transpose(images, (0, 2, 1, 3))

    def _weights(self, length: Any, side: Any) -> Any:
        """What each pixel of a row or column, of which the middle is kept, adds to each result."""
        import tensorflow as tf

        start = tf.cast((length - side) // 2, "float32")
        side = tf.cast(side, "float32")
        step = side / self.size
        centres = (tf.range(self.size, dtype="float32") + 0.5) * step + start
        pixels = tf.cast(tf.range(length), "float32") + 0.5
        near = 1 - tf.abs(pixels[None] - centres[:, None]) / tf.maximum(step, 1)
        kept = tf.cast((pixels > start) & (pixels < start + side), "float32")
        weights = tf.maximum(near, 0) * kept
        return weights / tf.reduce_sum(weights, axis=1, keepdims=True)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (input_shape[0], self.size, self.size, input_shape[-1])


def without_resizing(preprocessing: keras.Sequential) -> keras.Sequential:
    """Preprocessing of images that have the size that it would give them."""
    size, channels = preprocessing.layers[0].height, preprocessing.inputs[0].shape[-1]
    return _sequence(preprocessing.layers[1:], (None, size, size, channels))


def with_matrices(preprocessing: keras.Sequential) -> keras.Sequential:
    """Preprocessing that gives the same of operations that every form has."""
    size = preprocessing.layers[0].height
    return _sequence(
        [MatrixResizing(size), *preprocessing.layers[1:]], preprocessing.inputs[0].shape
    )


def _sequence(layers: list[keras.layers.Layer], shape: tuple) -> keras.Sequential:
    found = keras.Sequential(layers, name="preprocessing")
    found.build(shape)
    return found
