"""Codes of which only the strongest are decoded."""

import keras
from keras import ops

from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.layers.sparsity.base import Sparsity, flat


@keras.saving.register_keras_serializable("saliency_zoo")
class KWinners(Sparsity):
    """Only the largest codes are decoded; the others count as zero.

    Codes that equal the smallest winner win with it.

    Args:
        share: of the codes that win; one at least.
        within: `"sample"`, all codes of a sample compete; `"map"`, those of each channel.
    """

    def __init__(self, share: float = 0.1, within: str = "sample", **kwargs):
        super().__init__(**kwargs)
        if not 0 < share <= 1:
            raise ZooError(f"The share of winners lies in (0, 1]. Received: share={share}")
        if within not in ("sample", "map"):
            raise unknown("field of winners", within, ["sample", "map"])
        self.share, self.within = share, within

    def build(self, input_shape):
        if self.within == "map" and len(input_shape) != 4:
            raise ZooError(
                "Winners within maps need codes with rows and columns. "
                f"Received: codes of shape {tuple(input_shape[1:])}"
            )

    def call(self, codes, training=None):
        rivals, places = flat(codes), (-1, *[1] * (len(codes.shape) - 1))
        if self.within == "map":
            _, rows, columns, maps = codes.shape
            rivals = ops.reshape(ops.moveaxis(codes, -1, 1), (-1, maps, rows * columns))
            places = (-1, 1, 1, maps)
        winners = max(1, round(self.share * rivals.shape[-1]))
        least = ops.reshape(ops.top_k(rivals, winners)[0][..., -1], places)
        return ops.where(codes >= least, codes, ops.zeros_like(codes))

    def get_config(self):
        return {**super().get_config(), "share": self.share, "within": self.within}
