"""Whitening by ZCA, by PCA or by frequencies as a layer with fitted, untrained weights."""

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
        kind: `"zca"`, whose results still look like images; `"spectral"`, ZCA of the channels at
            each frequency of the cosine transform, with `H * W * C**2` numbers; or `"pca"`.
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
        super().__init__(trainable=False, autocast=False, **kwargs)
        self.estimator = whitening.Whitening(kind, epsilon, components)
        self.kind, self.epsilon, self.components = kind, epsilon, components

    def build(self, input_shape):
        shape = tuple(input_shape[1:])
        blocks, size = whitening.blocks_of(self.kind, shape)
        self.input_spec = keras.layers.InputSpec(shape=(None, *shape))
        if self.kind == "spectral":
            self._cosines = [_cosines(side) for side in shape[:2]]
        self.mean = self._weight("mean", shape, "zeros")
        self.matrices = self._weight("matrices", (blocks, size, size), _identities)
        self.inverses = self._weight("inverses", (blocks, size, size), _identities)

    def _weight(self, name, shape, initializer):
        # A matrix in 16 bits would undo the whitening.
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer,
            trainable=False,
            dtype="float32",
            autocast=False,
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
            rows = ops.reshape(images, (-1, matrices.shape[-1]))
            return ops.reshape(ops.matmul(rows, matrices[0]), (-1, *self.mean.shape))
        spectra = _transformed(images, *self._cosines)
        matrices = ops.reshape(matrices, (*self.mean.shape, matrices.shape[-1]))
        channels = range(matrices.shape[-1])
        mixed = sum(spectra[..., c, None] * matrices[:, :, c] for c in channels)
        return _transformed(mixed, *(cosines.T for cosines in self._cosines))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {k: v for k, v in super().get_config().items() if k != "trainable"}
        own = {"kind": self.kind, "epsilon": self.epsilon, "components": self.components}
        return {**config, **own}


def _identities(shape, dtype=None):
    return ops.broadcast_to(ops.eye(shape[-1], dtype=dtype), shape)


def _transformed(images, down, right):
    """Images (N, H, W, C) under one matrix along their columns and one along their rows."""
    height, width, channels = images.shape[1:]
    found = ops.matmul(down, ops.reshape(images, (-1, height, width * channels)))
    found = ops.matmul(right, ops.reshape(found, (-1, width, channels)))
    return ops.reshape(found, (-1, height, width, channels))


def _cosines(side):
    """The matrix of the orthonormal cosine transform, a frequency a row."""
    return fft.dct(np.eye(side, dtype="float32"), axis=0, norm="ortho")
