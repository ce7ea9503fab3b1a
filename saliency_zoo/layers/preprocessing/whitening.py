"""Whitening by ZCA, by PCA or by frequencies as a layer with fitted, untrained weights."""

import math

import keras
import numpy as np
from keras import ops
from scipy import fft

from saliency_zoo.data import whitening


@keras.saving.register_keras_serializable("saliency_zoo")
class Whitening(keras.layers.Layer):
    """A linear map after which the fitted images have the identity as covariance.

    Before it is fitted it leaves images as they are. Networks that look for edges learn faster
    on whitened pixels, whose neighbours no longer say the same.

    Args:
        kind: `"zca"`, whose results still look like images, `"pca"`, or `"spectral"`, ZCA of the
            channels at each frequency of the cosine transform, which is small and quick.
        epsilon: added to the variance of each direction; 0 whitens noise, too.
        components: so many of the strongest directions are kept; None keeps all.

    Example:
        >>> layer = Whitening("zca", epsilon=0.1)
        >>> for batch in batches:
        ...     layer.partial_fit(batch)
        >>> layer.finish()
        >>> white = layer(images)
    """

    def __init__(self, kind="zca", epsilon=0.1, components=None, **kwargs):
        # A matrix in 16 bits would undo the whitening.
        super().__init__(trainable=False, autocast=False, **kwargs)
        self.estimator = whitening.Whitening(kind, epsilon, components)
        self.kind, self.epsilon, self.components = kind, epsilon, components

    def build(self, input_shape):
        self._shape = tuple(input_shape[1:])
        size = math.prod(self._shape)
        blocks = (1, size)
        if self.kind == "spectral":
            whitening.check_images(input_shape)
            blocks = (size // self._shape[-1], self._shape[-1])
            height, width, channels = self._shape
            self._down = _cosines(height)
            self._right = np.kron(_cosines(width).T, np.eye(channels, dtype="float32"))
        self.mean = self._weight("mean", self._shape, "zeros")
        self.matrices = self._weight("matrices", (*blocks, blocks[1]), _identities)
        self.inverses = self._weight("inverses", (*blocks, blocks[1]), _identities)

    def _weight(self, name, shape, initializer):
        return self.add_weight(
            name=name, shape=shape, initializer=initializer, trainable=False, dtype="float32"
        )

    def partial_fit(self, batch):
        """Takes some more images into account."""
        self.estimator.partial_fit(ops.convert_to_numpy(batch))

    def finish(self):
        """Ends the fit: from now on the layer whitens."""
        self.take(self.estimator.finish())

    def take(self, fitted):
        """Takes the weights of a fitted `saliency_zoo.data.whitening.Whitening`."""
        if not self.built:
            self.build((None, *fitted.mean.shape))
            self.built = True
        self.set_weights([fitted.mean, fitted.matrices, fitted.inverses])

    def call(self, inputs, reverse=False):
        values = ops.cast(inputs, "float32")
        if reverse:
            found = self._through(values, self.inverses) + self.mean
        else:
            found = self._through(values - self.mean, self.matrices)
        return ops.cast(found, self.compute_dtype)

    def _through(self, images, matrices):
        if self.kind != "spectral":
            rows = ops.matmul(ops.reshape(images, (-1, matrices.shape[-1])), matrices[0])
            return ops.reshape(rows, (-1, *self._shape))
        spectra = self._transformed(images, self._down, self._right)
        matrices = ops.reshape(matrices, (*self._shape, self._shape[-1]))
        channels = range(self._shape[-1])
        mixed = sum(spectra[..., c, None] * matrices[:, :, c] for c in channels)
        return self._transformed(mixed, self._down.T, self._right.T)

    def _transformed(self, images, down, right):
        height, width, channels = self._shape
        rows = ops.reshape(images, (-1, height, width * channels))
        found = ops.matmul(ops.matmul(down, rows), right)
        return ops.reshape(found, (-1, *self._shape))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {k: v for k, v in super().get_config().items() if k != "trainable"}
        own = {"kind": self.kind, "epsilon": self.epsilon, "components": self.components}
        return {**config, **own}


def _identities(shape, dtype=None):
    return ops.broadcast_to(ops.eye(shape[-1], dtype=dtype), shape)


def _cosines(side):
    """The matrix of the orthonormal cosine transform, a frequency a row."""
    return fft.dct(np.eye(side, dtype="float32"), axis=0, norm="ortho")
