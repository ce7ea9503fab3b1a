"""Generated scenes: one textured object of ten shapes among patches of texture.

A scene is a pure function of (VERSION, seed, split, index), in coordinates that do not depend on
the image size. Every random number is a hash of these and of its own place in the program, so
that a scene is the same alone and among thousands. Changing anything here is a new VERSION.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from saliency_zoo.data.draws import GOLDEN, mix
from saliency_zoo.data.mapping import release, room
from saliency_zoo.data.shapes import SHAPES, blob
from saliency_zoo.data.textures import TEXTURES, spline

VERSION = 1
CLASS_NAMES = tuple(shape.__name__ for shape in SHAPES)
LIGHTER = 0.9  # part of the scenes with a lighter object: something for a linear model to find
CHUNK = 1 << 18  # pixels worked on at once: the arrays of one step stay in the processor's cache
_LAB_TO_XYZ = np.array([[1, 1, 1], [1 / 500, 0, 0], [0, 0, -1 / 200]])
_XYZ_TO_RGB = np.array(
    [[3.0799, -0.9213, 0.0529], [-1.5372, 1.8760, -0.2040], [-0.5428, 0.0453, 1.1511]]
)


@dataclass(frozen=True)
class Look:
    """How strongly the parts of a scene stand out, as ranges of distances in CIE Lab.

    Args:
        texture: between the two colours of a texture.
        object: from the background to the object.
        patches: from the background to the patches, which lie behind the object or cover it.
        patch_size: radius of a patch, as a part of the image.
        shown: how often each of the patches is there.
    """

    texture: tuple[float, float]
    object: tuple[float, float]
    patches: tuple[float, float]
    patch_size: tuple[float, float]
    shown: float


LOOKS = {
    "plain": Look((4, 18), (26, 56), (8, 26), (0.08, 0.2), 0.7),
    "salient_distractors": Look((4, 14), (22, 32), (55, 75), (0.1, 0.2), 1.0),
}


class Draws:
    """Uniform random numbers by hashing: the k-th draw of a scene depends on its key and k."""

    def __init__(self, keys: np.ndarray):
        self.keys = keys
        self._stream = 0

    def bits(self, *shape: int) -> np.ndarray:
        """uint64 of shape (n, *shape)."""
        self._stream += 1
        start = mix(self.keys + _word(self._stream * int(GOLDEN)))
        places = np.arange(1, 1 + int(np.prod(shape)), dtype="uint64") * GOLDEN
        return mix(start[:, None] + places).reshape(len(start), *shape)

    def uniform(self, low: float, high: float, *shape: int) -> np.ndarray:
        """float32 of shape (n, *shape) in low..high."""
        unit = (self.bits(*shape) >> np.uint64(40)).astype("float32") * np.float32(2**-24)
        return np.float32(low) + np.float32(high - low) * unit

    def direction(self) -> np.ndarray:
        """Unit vectors of Lab, (n, 3), evenly over the sphere."""
        height, turn = self.uniform(-1, 1), self.uniform(0, 2 * np.pi)
        flat = np.sqrt(1 - height**2)
        return np.stack([height, flat * np.cos(turn), flat * np.sin(turn)], 1)


def render(
    indices: Sequence[int] | np.ndarray,
    size: int = 32,
    seed: int = 0,
    split: int = 0,
    variant: str = "plain",
) -> tuple[np.ndarray, np.ndarray]:
    """Images, uint8 (n, size, size, 3), and masks of the visible object, bool (n, size, size)."""
    indices = np.asarray(indices, "int64")
    images = room((len(indices), size, size, 3), "uint8")
    masks = room((len(indices), size, size), bool)
    step = max(1, CHUNK // size**2)
    for start in range(0, len(indices), step):
        part = slice(start, start + step)
        draws = Draws(_keys(seed, split, indices[part]))
        shapes = labels(indices[part], seed, split)
        images[part], masks[part] = _scene(draws, shapes, size, LOOKS[variant])
        release(images)
        release(masks)
    return images, masks


def labels(indices: Sequence[int] | np.ndarray, seed: int = 0, split: int = 0) -> np.ndarray:
    """The classes, int64: every ten scenes from a multiple of ten hold each class once."""
    blocks, place = np.divmod(np.asarray(indices, "int64"), len(SHAPES))
    order = Draws(~_keys(seed, split, blocks)).bits(len(SHAPES)).argsort(1)
    return order[np.arange(len(place)), place]


def _scene(draws: Draws, shapes: np.ndarray, size: int, look: Look) -> tuple:
    axis = ((np.arange(size) + 0.5) / size - 0.5).astype("float32")
    x, y = axis[None, None, :], axis[None, :, None]
    ground = np.stack([draws.uniform(26, 64), draws.uniform(-28, 28), draws.uniform(-28, 28)], 1)
    away = draws.direction()
    lighter = draws.uniform(0, 1) < LIGHTER
    away[:, 0] = np.where(lighter, np.abs(away[:, 0]), away[:, 0])
    canvas = _textured(draws, x, y, ground, draws.direction(), look.texture)
    for _ in range(3):
        _patch(draws, canvas, x, y, ground, look)
    visible = _object(draws, canvas, x, y, shapes, (ground, away), look)
    visible = visible * (1 - _occluder(draws, canvas, x, y, ground, look))
    _light(draws, canvas, x, y)
    grain = draws.bits(size, size)[:, None] >> np.arange(0, 48, 16, dtype="uint64")[:, None, None]
    strength = draws.uniform(4, 16, 1, 1, 1) / 65536
    canvas += ((grain & np.uint64(0xFFFF)).astype("float32") - 32768) * strength
    image = np.clip(canvas + np.float32(0.5), 0, 255).astype("uint8")
    return image.transpose(0, 2, 3, 1), visible > 0.5


def _object(draws, canvas, x, y, shapes, colours, look) -> np.ndarray:
    ground, away = colours
    radius = draws.uniform(0.22, 0.38, 1, 1)
    reach = 0.5 - radius  # touches the border at most
    u, v = _turned(draws, x, y, np.minimum(reach, 0.14), np.pi / 6)
    stretch = np.exp(draws.uniform(-0.2, 0.2, 1, 1))
    u, v = u / (radius * stretch), v * stretch / radius
    distance = _each(shapes, SHAPES, u, v, draws.uniform(0, 1, 1, 1))
    colour = ground + _inside(ground, away) * draws.uniform(*look.object, 1)
    alpha = _cover(distance * radius, canvas)
    # The second colour lies on the far side, so that no part of the object melts away.
    texture = _textured(draws, x, y, colour, away + draws.direction(), look.texture)
    _paint(canvas, alpha, texture)
    return alpha


def _patch(draws, canvas, x, y, ground, look) -> None:
    radius = draws.uniform(*look.patch_size, 1, 1)
    u, v = _turned(draws, x, y, 0.5 - radius, np.pi)
    stretch = np.exp(draws.uniform(-0.4, 0.4, 1, 1))
    distance = blob(u / (radius * stretch), v * stretch / radius, draws.uniform(-0.2, 0.2, 4, 1, 1))
    shown = draws.uniform(0, 1, 1, 1) < look.shown
    colour = ground + _inside(ground, draws.direction()) * draws.uniform(*look.patches, 1)
    texture = _textured(draws, x, y, colour, draws.direction(), look.texture)
    _paint(canvas, _cover(distance * radius, canvas) * shown, texture)


def _occluder(draws, canvas, x, y, ground, look) -> np.ndarray:
    """A bar in front of the object in four scenes of ten."""
    u, v = _turned(draws, x, y, 0.3, np.pi)
    thick, long = draws.uniform(0.02, 0.055, 1, 1), draws.uniform(0.15, 0.4, 1, 1)
    distance = np.maximum(np.abs(v) - thick, np.abs(u) - long)
    alpha = _cover(distance, canvas) * (draws.uniform(0, 1, 1, 1) < 0.4)
    colour = _rgb(ground + _inside(ground, draws.direction()) * draws.uniform(*look.patches, 1))
    _paint(canvas, alpha, colour[:, :, None, None])
    return alpha


def _light(draws, canvas, x, y) -> None:
    turn, slope = draws.uniform(0, 2 * np.pi, 1, 1), draws.uniform(0, 0.35, 1, 1)
    canvas *= (1 + slope * (np.cos(turn) * x + np.sin(turn) * y))[:, None]


def _textured(draws, x, y, colour, direction, contrast) -> np.ndarray:
    """A canvas (n, 3, H, W) in 0..255 that runs between `colour` and one at some distance."""
    direction = direction / np.sqrt((direction**2).sum(1, keepdims=True))
    other = colour + _inside(colour, direction) * draws.uniform(*contrast, 1)
    kinds = (draws.uniform(0, len(TEXTURES))).astype(int)
    u, v = _turned(draws, x, y, 0.5, np.pi)
    field = _each(kinds, TEXTURES, u, v, draws.uniform(2, 5, 1, 1), _noise(draws, x, y))
    first, second = _rgb(colour)[:, :, None, None], _rgb(other)[:, :, None, None]
    return first + (second - first) * field[:, None]


def _noise(draws, x, y) -> np.ndarray:
    """Value noise of two octaves in 0..1, as products with spline weights: (n, H, W)."""
    total = 0
    for cells, weight in ((4, 0.65), (9, 0.35)):
        down, across = spline(y.ravel(), cells), spline(x.ravel(), cells)
        lattice = draws.uniform(0, 1, cells + 3, cells + 3)
        total = total + np.float32(weight) * (down @ lattice @ across.T)
    return np.clip(0.5 + 1.8 * (total - 0.5), 0, 1)


def _turned(draws, x, y, reach, angle) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates (n, H, W) around a random centre within `reach`, rotated up to `angle`."""
    x = x - reach * draws.uniform(-1, 1, 1, 1)
    y = y - reach * draws.uniform(-1, 1, 1, 1)
    turn = draws.uniform(-angle, angle, 1, 1)
    c, s = np.cos(turn), np.sin(turn)
    return c * x + s * y, c * y - s * x


def _each(kinds: np.ndarray, functions: Sequence[Callable], *arrays: np.ndarray) -> np.ndarray:
    """Row i of the result is that of function `kinds[i]`; each runs once, on its own rows."""
    result = np.empty(arrays[0].shape, "float32")
    for kind, function in enumerate(functions):
        rows = np.flatnonzero(kinds == kind)
        if len(rows):
            result[rows] = function(*(a[rows] for a in arrays))
    return result


def _cover(distance: np.ndarray, canvas: np.ndarray) -> np.ndarray:
    """How much of each pixel lies inside; `distance` is in parts of the image."""
    return np.clip(0.5 - distance * canvas.shape[-1], 0, 1)


def _paint(canvas: np.ndarray, alpha: np.ndarray, colour: np.ndarray) -> None:
    canvas += alpha[:, None] * (colour - canvas)


def _inside(colour: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """`direction`, turned back where it would leave the lightness and the chroma of a screen."""
    limit = np.float32([50, 0, 0])
    outwards = np.sign(colour - limit) == np.sign(direction)
    room = np.abs(colour - limit) > np.float32([22, 14, 14])
    return np.where(outwards & room, -direction, direction)


def _rgb(lab: np.ndarray) -> np.ndarray:
    """CIE Lab (n, 3) to sRGB in 0..255, cut to what a screen shows."""
    lab = lab.astype("float64")
    f = (np.concatenate([(lab[:, :1] + 16) / 116, lab[:, 1:]], 1)) @ _LAB_TO_XYZ
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29))
    linear = np.clip(xyz @ _XYZ_TO_RGB, 0, 1)
    gamma = np.where(linear > 0.0031308, 1.055 * linear ** (1 / 2.4) - 0.055, 12.92 * linear)
    return (255 * gamma).astype("float32")


def _keys(seed: int, split: int, indices: np.ndarray) -> np.ndarray:
    key = np.zeros(1, "uint64")
    for part in (VERSION, seed, split):
        key = mix(key + _word(part + int(GOLDEN)))
    return mix(key + indices.astype("uint64") * GOLDEN)


def _word(number: int) -> np.uint64:
    return np.uint64(int(number) % 2**64)  # NumPy warns of overflow in scalars, not in arrays
