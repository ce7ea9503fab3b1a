"""ZCA and PCA whitening as a layer with fitted, untrained weights."""

import math

import keras
from keras import ops

from saliency_zoo.data import whitening


@keras.saving.register_keras_serializable("saliency_zoo")
class Whitening(keras.layers.Layer):
    """A linear map after which the fitted images have the identity as covariance.

    Before it is fitted it leaves images as they are. Networks that look for edges learn faster
    on whitened pixels, whose neighbours no longer say the same.

    Args:
        kind: `"zca"`, whose results still look like images, or `"pca"`.
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
        size = math.prod(input_shape[1:])
        self.mean = self._weight("mean", (size,), "zeros")
        self.matrix = self._weight("matrix", (size, size), "identity")
        self.inverse = self._weight("inverse", (size, size), "identity")

    def _weight(self, name, shape, initializer):
        return self.add_weight(
            name=name, shape=shape, initializer=initializer, trainable=False, dtype="float32"
        )

    def partial_fit(self, batch):
        """Takes some more images into account."""
        if not self.built:
            self.build(batch.shape)
            self.built = True
        self.estimator.partial_fit(ops.convert_to_numpy(batch))

    def finish(self):
        """Ends the fit: from now on the layer whitens."""
        self.take(self.estimator.finish())

    def take(self, fitted):
        """Takes the weights of a fitted `saliency_zoo.data.whitening.Whitening`."""
        self.set_weights([fitted.mean, fitted.matrix, fitted.inverse])

    def call(self, inputs, reverse=False):
        rows = ops.reshape(ops.cast(inputs, "float32"), (-1, self.mean.shape[0]))
        if reverse:
            rows = ops.matmul(rows, self.inverse) + self.mean
        else:
            rows = ops.matmul(rows - self.mean, self.matrix)
        return ops.cast(ops.reshape(rows, ops.shape(inputs)), self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {k: v for k, v in super().get_config().items() if k != "trainable"}
        own = {"kind": self.kind, "epsilon": self.epsilon, "components": self.components}
        return {**config, **own}
