"""The contract of all learners, and the one place that scales losses."""

from collections.abc import Iterable, Mapping
from typing import final

import keras
from keras import ops

from saliency_zoo.errors import ZooError

Batch = Mapping[str, object]


class Learner(keras.Model):
    """An objective around a model that it is given.

    A subclass defines `objectives` and declares their names with `log`; it writes neither a
    `compute_loss` nor a `train_step`, where a plain mean is wrong under several replicas.

    A batch is a dict: `image` (float, preprocessed) and, where the learner asks for them,
    `saliency` (maps with a channel axis), `noise` (uniform numbers of the shape that corruption
    needs), `view` (the image in another draw of crop, flip and augmentations) and `label`.

    Attributes:
        scales: weight of each objective in the loss, by name; an objective that is missing here
            has weight 1, and one with weight 0 is only logged.
        uses: keys of the batch that the objectives read.
        decodes_image: whether `decode` gives images from what `encode` gives.
        decodes_saliency: whether `decode_saliency` gives maps from codes.
        views: how many draws of each image it compares; the second is `view` in the batch.
        stagewise: whether a network has one for each stage, made with its index `stage` and the
            learner `below`, as `Autoencoder` and what extends its `judged` are.
        compares: whether the loss of a sample depends on the others in the batch, or in the part
            of it that a device has.
        fits: name of a network that the learner fits, for the tests of one that is particular.
    """

    scales: Mapping[str, float] = {}
    uses: frozenset[str] = frozenset({"image"})
    noise_shape: tuple[int, ...] | None = None
    decodes_image = decodes_saliency = stagewise = compares = False
    views = 1
    fits: str | None = None

    def __init__(self, **kwargs):
        # Layers cast for themselves; maps, noise, losses and what is read of variables here keep
        # their precision.
        super().__init__(autocast=False, dtype="float32", **kwargs)

    def objectives(self, batch: Batch, training: bool | None = None) -> dict[str, object]:
        """The loss of each sample, by name."""
        raise NotImplementedError

    def call(self, batch, training=None):
        losses = self.objectives(batch, training=training)
        return {name: ops.cast(loss, "float32") for name, loss in losses.items()}

    @final
    def total(self, losses: Mapping[str, object], global_batch: int, penalties=None):
        """The loss of this replica: summed objectives over the batch of all replicas.

        Gradients are summed over replicas, so this is the mean over the global batch on any
        number of them. `penalties` are those of regularisers, by default the model's own.
        """
        penalties = self.losses if penalties is None else penalties
        wanted = {n: v for n, v in losses.items() if self.scales.get(n, 1.0)}
        loss = sum(self.scales.get(n, 1.0) * ops.sum(v) for n, v in wanted.items())
        return loss / ops.cast(global_batch, "float32") + sum(penalties) / self.replicas

    @final
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """For plain Keras `fit`, whose predictions are the objectives."""
        for name, values in y_pred.items():
            self._means[name].update_state(values)
        some = next(iter(y_pred.values()))
        return self.total(y_pred, ops.cast(ops.shape(some)[0], "float32") * self.replicas)

    @property
    def replicas(self) -> int:
        """Number of devices that share a batch."""
        strategy = getattr(self, "distribute_strategy", None)
        return strategy.num_replicas_in_sync if strategy is not None else 1

    def log(self, names: Iterable[str]) -> None:
        """Declares objectives, so that Keras's `fit` reports the mean of each by name.

        A subclass adds its own to those of its base class, which stay.
        """
        known = getattr(self, "_means", {})
        means = {name: keras.metrics.Mean(name=name) for name in names if name not in known}
        self._means = {**known, **means}

    @property
    def logged(self) -> list[str]:
        """The names of the objectives."""
        if not hasattr(self, "_means"):
            raise ZooError(
                "A learner declares its objectives where it is made, by self.log([...]). "
                f"Received: {type(self).__name__}, which has declared none"
            )
        return list(self._means)
