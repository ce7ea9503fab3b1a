"""The windows of a pooling layer."""

from keras import ops


def windows(inputs, layer, fill):
    """What each window of a pooling layer sees, as one image for each place inside the window.

    Args:
        inputs: images, channels last.
        layer: a pooling layer, with `pool_size`, `strides` and `padding`.
        fill: value beyond the border, where padding is `"same"`.

    Returns:
        A dict from (y, x) inside the window to the values there in all windows, in reading order,
        and the rows and columns that padding put before the image.
    """
    pads = [(0, 0), (0, 0)]
    if layer.padding == "same":
        counts = layer.compute_output_shape(inputs.shape)[1:3]
        sizes = zip(inputs.shape[1:3], counts, layer.pool_size, layer.strides, strict=True)
        missing = [max((count - 1) * s + k - size, 0) for size, count, k, s in sizes]
        pads = [(m // 2, m - m // 2) for m in missing]
    if any(map(any, pads)):
        inputs = ops.pad(inputs, [(0, 0), *pads, (0, 0)], constant_values=fill)
    (height, width), (dy, dx) = layer.pool_size, layer.strides
    # The ends count from the far border, so that nothing here needs the size of the image.
    parts = {
        (y, x): inputs[:, y : y + 1 - height or None : dy, x : x + 1 - width or None : dx]
        for y in range(height)
        for x in range(width)
    }
    return parts, (pads[0][0], pads[1][0])
