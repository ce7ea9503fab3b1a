"""Windows that go over an image, and the margins that they need."""

from keras import ops

from saliency_zoo.errors import ZooError


def same_margins(sizes, extents, strides):
    """Rows and columns that padding "same" puts before and behind the image.

    Args:
        sizes: rows and columns of the image.
        extents: those of a window or a kernel.
        strides: steps from one to the next.
    """
    if None in sizes:
        raise ZooError(
            f'Padding "same" needs images of a size known beforehand here. Received: {tuple(sizes)}'
        )
    numbers = zip(sizes, extents, strides, strict=True)
    missing = [max((-(-n // s) - 1) * s + k - n, 0) for n, k, s in numbers]
    return [(m // 2, m - m // 2) for m in missing]


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
        pads = same_margins(inputs.shape[1:3], layer.pool_size, layer.strides)
    (height, width), (dy, dx) = layer.pool_size, layer.strides
    planes, (rows, columns) = _planes(inputs, pads, layer, fill)
    parts = {}
    for y in range(height):
        for x in range(width):
            down, right = y // dy, x // dx
            plane = planes[y % dy][x % dx]
            parts[y, x] = plane[:, down : down + rows, right : right + columns]
    return parts, (pads[0][0], pads[1][0])


def _planes(inputs, pads, layer, fill):
    """The pixels at the same place modulo the strides, and how many windows there are each way.

    A slice with steps would give them too, at ten times the time in TensorFlow.
    """
    extents = list(zip(layer.pool_size, layer.strides, strict=True))
    # A window may reach beyond the last whole cell.
    pads = [(a, b + -k % s) for (a, b), (k, s) in zip(pads, extents, strict=True)]
    if any(map(any, pads)):
        inputs = ops.pad(inputs, [(0, 0), *pads, (0, 0)], constant_values=fill)
    sizes = zip(ops.shape(inputs)[1:3], extents, strict=True)
    cells = [n // s for n, (_, s) in sizes]
    (dy, dx), (rows, columns) = layer.strides, cells
    inputs = inputs[:, : rows * dy, : columns * dx]
    grid = ops.reshape(inputs, (-1, rows, dy, columns, dx, inputs.shape[-1]))
    planes = [ops.unstack(line, axis=3) for line in ops.unstack(grid, axis=2)]
    return planes, [n - -(-k // s) + 1 for n, (k, s) in zip(cells, extents, strict=True)]
