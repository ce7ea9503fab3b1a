"""A convolution whose neighbouring positions have kernels of their own."""

from keras import ops, saving

from saliency_zoo.layers.convolution.multi_kernel import MultiKernelConv2D


@saving.register_keras_serializable("saliency_zoo")
class TiledConv2D(MultiKernelConv2D):
    """Kernels are shared between positions that are `tiles` steps apart (Le et al., 2010).

    One tile is the ordinary convolution, as many as positions a locally connected layer. All
    kernels are applied everywhere, which takes `tiles^2` times as long as one.

    Args:
        filters: number of output channels.
        kernel_size: size of the kernels.
        tiles: kernels of a filter along rows, and along columns.
        **kwargs: as for `keras.layers.Conv2D`, in channels-last order.

    Example:
        >>> zoo.create("thesis_conv", convolution={"name": "tiled", "tiles": 3})
    """

    def __init__(self, filters, kernel_size, tiles: int = 2, **kwargs):
        super().__init__(filters, kernel_size, kernels=tiles**2, **kwargs)
        self.tiles = tiles

    def merge(self, maps):
        rows, columns = (ops.arange(ops.shape(maps[0])[axis]) % self.tiles for axis in (1, 2))
        tile = (rows[:, None] * self.tiles + columns)[None, :, :, None]
        return sum(ops.where(ops.equal(tile, n), part, 0) for n, part in enumerate(maps))

    def get_config(self):
        return {**super().get_config(), "tiles": self.tiles}
