"""What works on arrays: a detector, a data set and a protocol."""

import numpy as np


def redness(images):
    """How much more red there is than of the other colours, (N, H, W)."""
    images = images.astype(np.float32)
    return np.maximum(images[..., 0] - images[..., 1:].mean(-1), 0)


def stripes(count: int = 4, size: int = 16):
    """Images of stripes, without labels."""
    from saliency_zoo.data.image_set import ImageSet, Split

    rows = np.arange(size)[None, :, None, None] // (1 + np.arange(count)[:, None, None, None])
    images = np.broadcast_to((rows % 2 * 255).astype(np.uint8), (count, size, size, 3))
    return ImageSet("stripes", {"unlabelled": Split(images)})


def first_half(images, folds=None):
    """Trains on the first half of the labelled images."""
    return [np.arange(len(images.split("train").images) // 2)]
