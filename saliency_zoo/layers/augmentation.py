"""Augmentations that look at the saliency map: crops, hidden patches, objects on other grounds.

Each takes images with their maps and gives both back, as a function of uniform random numbers.
The pipeline draws these from (seed, epoch, index of the image) and hands them in as `noise`, so
that a resumed or a distributed run sees the same images; without `noise` a layer draws its own.
"""

import keras
from keras import ops

from saliency_zoo.errors import ZooError, unknown


class Augmentation(keras.layers.Layer):
    """Base of the augmentations: draws the noise, is active in training only.

    Args:
        seed: seed of the noise that the layer draws where none is handed in.

    Attributes:
        looks_back: on how many images before it in the batch what becomes of an image depends.
    """

    looks_back = 0

    def __init__(self, seed: int | None = None, **kwargs):
        super().__init__(autocast=False, **kwargs)
        self.seed = seed
        self.generator = keras.random.SeedGenerator(seed)

    def numbers(self, height, width):
        """How many random numbers an image of this size takes."""
        raise NotImplementedError

    def call(self, inputs, noise=None, training=None):
        images, maps = (ops.cast(part, self.compute_dtype) for part in inputs)
        if not training:
            return list(self.rest(images, maps))
        if noise is None:
            shape = (ops.shape(images)[0], self.numbers(*images.shape[1:3]))
            noise = keras.random.uniform(shape, dtype="float32", seed=self.generator)
        return list(self.augment(images, maps, noise))

    def rest(self, images, maps):
        """What is given outside of training."""
        return images, maps

    def augment(self, images, maps, noise):
        """Images (N, H, W, C) and maps (N, H, W, 1), changed; `noise` is (N, numbers)."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape):
        return [tuple(shape) for shape in input_shape]

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}

    @classmethod
    def example(cls):
        return {}, ((2, 6, 6, 3), (2, 6, 6, 1))


@keras.saving.register_keras_serializable("saliency_zoo")
class SalientCrop(Augmentation):
    """Crops a square, at a place as likely as it is salient; the centre outside of training.

    A plain random crop of a photograph often misses what it shows.

    Args:
        crop: side of the square.
        floor: added to the mean saliency of each place, so that none is ruled out; large values
            make all places alike.
        seed: seed of the layer's own noise.
    """

    def __init__(self, crop: int = 4, floor: float = 0.05, **kwargs):
        super().__init__(**kwargs)
        if crop < 1 or not floor > 0:
            raise ZooError(
                f"A crop and its floor are positive. Received: crop={crop}, floor={floor}"
            )
        self.crop, self.floor = crop, floor

    def numbers(self, height, width):
        return 1

    def augment(self, images, maps, noise):
        salient = ops.maximum(ops.cast(maps, "float32"), 0)
        means = ops.average_pool(salient, self.crop, 1, "valid", data_format="channels_last")
        columns = means.shape[2]
        weights = ops.reshape(means, (-1, means.shape[1] * columns)) + self.floor
        reached = ops.cumsum(weights, axis=1)
        before = reached <= ops.cast(noise[:, :1], "float32") * reached[:, -1:]
        place = ops.sum(ops.cast(before, "int32"), axis=1)
        place = ops.minimum(place, means.shape[1] * columns - 1)
        top, left = place // columns, place % columns
        return self._window(images, top, left), self._window(maps, top, left)

    def _window(self, arrays, top, left):
        height, width, channels = arrays.shape[1:]
        across = ops.arange(self.crop)
        rows, columns = top[:, None] + across, left[:, None] + across
        cells = ops.reshape(rows[:, :, None] * width + columns[:, None], (-1, self.crop**2, 1))
        flat = ops.reshape(arrays, (-1, height * width, channels))
        picked = ops.take_along_axis(flat, ops.repeat(cells, channels, axis=2), axis=1)
        return ops.reshape(picked, (-1, self.crop, self.crop, channels))

    def rest(self, images, maps):
        top, left = ((side - self.crop) // 2 for side in images.shape[1:3])
        bottom, right = top + self.crop, left + self.crop
        return images[:, top:bottom, left:right], maps[:, top:bottom, left:right]

    def compute_output_shape(self, input_shape):
        return [(shape[0], self.crop, self.crop, shape[3]) for shape in input_shape]

    def get_config(self):
        return {**super().get_config(), "crop": self.crop, "floor": self.floor}


@keras.saving.register_keras_serializable("saliency_zoo")
class HidePatches(Augmentation):
    """Hides patches, salient ones or those that are not, under the image's mean colour.

    Which patches are hidden is drawn without repeats, with weights from the map (Efraimidis and
    Spirakis, 2006). The map stays whole, as the target of what has to be guessed.

    Args:
        share: of the patches that are hidden.
        patch: side of a patch; it divides the sides of the image.
        what: `"salient"`, `"background"`, or `"any"` patch alike.
        seed: seed of the layer's own noise.
    """

    def __init__(self, share: float = 0.5, patch: int = 2, what: str = "salient", **kwargs):
        super().__init__(**kwargs)
        if not 0 <= share <= 1 or patch < 1:
            raise ZooError(
                "A share lies in [0, 1] and a patch has a pixel at least. "
                f"Received: share={share}, patch={patch}"
            )
        if what not in ("salient", "background", "any"):
            raise unknown("kind of patches", what, ["salient", "background", "any"])
        self.share, self.patch, self.what = share, patch, what

    def numbers(self, height, width):
        if height % self.patch or width % self.patch:
            raise ZooError(
                f"Patches divide images of {height}x{width} evenly. Received: patch={self.patch}"
            )
        return (height // self.patch) * (width // self.patch)

    def augment(self, images, maps, noise):
        rows, columns = (side // self.patch for side in images.shape[1:3])
        hidden = round(self.share * self.numbers(*images.shape[1:3]))
        salient = ops.clip(ops.cast(maps, "float32"), 0, 1)
        means = ops.average_pool(salient, self.patch, self.patch, data_format="channels_last")
        weights = {"salient": means, "background": 1 - means, "any": ops.ones_like(means)}
        weights = ops.reshape(weights[self.what], (-1, rows * columns)) + 1e-3
        keys = ops.log(ops.maximum(ops.cast(noise, "float32"), 1e-30)) / weights
        ranks = ops.argsort(ops.argsort(-keys, axis=1), axis=1)
        cover = ops.reshape(ops.cast(ranks < hidden, images.dtype), (-1, rows, columns, 1))
        cover = ops.repeat(ops.repeat(cover, self.patch, axis=1), self.patch, axis=2)
        colour = ops.mean(images, axis=(1, 2), keepdims=True)
        return images * (1 - cover) + colour * cover, maps

    def get_config(self):
        own = {"share": self.share, "patch": self.patch, "what": self.what}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("saliency_zoo")
class OtherBackground(Augmentation):
    """Copies the salient object of an image onto its neighbour in the batch.

    What is salient beyond twice the threshold is copied whole, what is below it not at all, and
    in between the two are blended. The map stays that of the object.

    Args:
        rate: share of the images to which this is done.
        threshold: saliency at which the object begins.
        seed: seed of the layer's own noise.
    """

    looks_back = 1

    def __init__(self, rate: float = 0.5, threshold: float = 0.25, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate <= 1 or not threshold > 0:
            raise ZooError(
                "A rate lies in [0, 1] and a threshold is positive. "
                f"Received: rate={rate}, threshold={threshold}"
            )
        self.rate, self.threshold = rate, threshold

    def numbers(self, height, width):
        return 1

    def augment(self, images, maps, noise):
        object_ = ops.clip(maps / self.threshold - 1, 0, 1)
        done = ops.cast(noise[:, :1, None, None] < self.rate, images.dtype)
        keep = 1 - done * (1 - object_)
        return images * keep + ops.roll(images, 1, axis=0) * (1 - keep), maps

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "threshold": self.threshold}
