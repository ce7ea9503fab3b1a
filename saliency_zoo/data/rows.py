"""Images as they come, one after the other, in one array."""

from typing import Any

import numpy as np

from saliency_zoo.data.images import fit
from saliency_zoo.data.mapping import release, room
from saliency_zoo.errors import ZooError

_HELD = 1000  # images, of an array that lies in a file


class Rows:
    """Collects images of one size.

    Args:
        count: how many there will be, at most; the array is there from the first one on.
        size: side of the squares that they are made, or None.
    """

    def __init__(self, count: int, size: int | None):
        self._count, self._size = count, size
        self._images: Any = None
        self._filled = 0

    def append(self, image: np.ndarray, where: str) -> None:
        """Takes the next image.

        Args:
            image: uint8, (H, W, C).
            where: where it comes from, for the message when it is larger or smaller.
        """
        image = image if self._size is None else fit(image, self._size)
        if self._images is None:
            self._images = room((self._count, *image.shape), image.dtype)
        if image.shape != self._images.shape[1:]:
            raise ZooError(
                "Images of different sizes need the option size, e.g. "
                f"size={min(image.shape[:2])}. "
                f"Received: {image.shape[:2]} in {where} after {self._images.shape[1:3]}"
            )
        self._images[self._filled] = image
        self._filled += 1
        if self._filled % _HELD == 0:
            release(self._images)

    def array(self, where: str) -> np.ndarray:
        """All of them, of which there is at least one."""
        if not self._filled:
            raise ZooError(f"A split needs at least one image. Received: 0 in {where}")
        return self._images[: self._filled]
