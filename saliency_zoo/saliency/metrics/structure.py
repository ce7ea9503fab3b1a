"""How far the shape in a map is the shape of the mask: weighted F, S-measure, E-measure."""

import numpy as np

from saliency_zoo.saliency.checks import checked_pair
from saliency_zoo.saliency.metrics.overlap import above_adaptive, hits

EPSILON = np.spacing(1.0)


def weighted_f(saliency: np.ndarray, mask: np.ndarray) -> float:
    """F with errors weighted by where they are (Margolin et al., CVPR 2014); empty mask: 0.

    Misses that lie beside hits count less, and false alarms count more the further they are
    from the object.
    """
    values, truth = checked_pair(saliency, mask)
    if not truth.any():
        return 0.0
    error = _weighted_error(values, truth)
    hit = truth.sum() - error[truth].sum()
    recall = 1 - error[truth].mean()
    precision = hit / (hit + error[~truth].sum() + EPSILON)
    return float(2 * recall * precision / (recall + precision + EPSILON))


def _weighted_error(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    from scipy.ndimage import distance_transform_edt

    distance, (rows, columns) = distance_transform_edt(~truth, return_indices=True)
    error = np.abs(values - truth)
    # Outside, the blur reads the error of the nearest object pixel: the object has no soft rim.
    blurred = _gaussian(error[rows, columns])
    error = np.where(truth & (blurred < error), blurred, error)
    return error * np.where(truth, 1.0, 2 - np.exp(np.log(0.5) / 5 * distance))


def _gaussian(image: np.ndarray, radius: int = 3, sigma: float = 5.0) -> np.ndarray:
    """Blur by a 7 x 7 Gaussian, zero outside the picture."""
    kernel = np.exp(-(np.arange(-radius, radius + 1) ** 2) / (2 * sigma**2))
    kernel /= kernel.sum()
    height, width = image.shape
    padded = np.pad(image, radius)
    down = sum(k * padded[i : i + height] for i, k in enumerate(kernel))
    return sum(k * down[:, i : i + width] for i, k in enumerate(kernel))


def s_measure(saliency: np.ndarray, mask: np.ndarray, alpha: float = 0.5) -> float:
    """Structural similarity of the objects and of four regions (Fan et al., ICCV 2017).

    Args:
        saliency: map of shape (height, width) in [0, 1].
        mask: the object, of the same shape.
        alpha: weight of the objects against the regions.
    """
    values, truth = checked_pair(saliency, mask)
    share = truth.mean()
    if share == 0:
        return float(1 - values.mean())
    if share == 1:
        return float(values.mean())
    objects = share * _object(values[truth]) + (1 - share) * _object(1 - values[~truth])
    return float(max(0.0, alpha * objects + (1 - alpha) * _regions(values, truth)))


def _object(inside: np.ndarray) -> float:
    mean = inside.mean()
    spread = inside.std(ddof=1) if inside.size > 1 else 0.0
    return 2 * mean / (mean**2 + 1 + spread + EPSILON)


def _regions(values: np.ndarray, truth: np.ndarray) -> float:
    """Similarity of the quarters around the centre of the mask, weighted by their areas."""
    row, column = (int(c) + 1 for c in np.argwhere(truth).mean(axis=0).round())
    total = 0.0
    for rows in (slice(row), slice(row, None)):
        for columns in (slice(column), slice(column, None)):
            part = values[rows, columns]
            if part.size:  # a centre in the last row or column leaves an empty quarter
                total += part.size / values.size * _ssim(part, truth[rows, columns])
    return total


def _ssim(x: np.ndarray, y: np.ndarray) -> float:
    degrees = x.size - 1 + EPSILON
    mean_x, mean_y = x.mean(), y.mean()
    dx, dy = x - mean_x, y - mean_y
    top = 4 * mean_x * mean_y * (dx * dy).sum() / degrees
    bottom = (mean_x**2 + mean_y**2) * ((dx**2).sum() + (dy**2).sum()) / degrees
    if top == 0:
        return float(bottom == 0)
    return top / (bottom + EPSILON)


def e_curve(saliency: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """E-measure (Fan et al., IJCAI 2018) at the thresholds 255/255, 254/255 ... 0."""
    values, truth = checked_pair(saliency, mask)
    return _alignment(*hits(values, truth), truth)


def max_e(saliency: np.ndarray, mask: np.ndarray) -> float:
    """The best E-measure that one threshold reaches on this image."""
    return float(e_curve(saliency, mask).max())


def mean_e(saliency: np.ndarray, mask: np.ndarray) -> float:
    """The E-measure averaged over the thresholds."""
    return float(e_curve(saliency, mask).mean())


def adaptive_e(saliency: np.ndarray, mask: np.ndarray) -> float:
    """E-measure at twice the mean of the map, or at 1 where that is more."""
    values, truth = checked_pair(saliency, mask)
    chosen = above_adaptive(values)
    inside, outside = np.count_nonzero(chosen & truth), np.count_nonzero(chosen & ~truth)
    return float(_alignment(np.array(inside), np.array(outside), truth))


def _alignment(inside: np.ndarray, outside: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Enhanced alignment from how many pixels were chosen inside and outside the mask."""
    size, object_size = truth.size, np.count_nonzero(truth)
    chosen = inside + outside
    degrees = max(size - 1, 1)  # the published definition divides by N - 1
    if object_size == 0:
        return (size - chosen) / degrees
    if object_size == size:
        return chosen / degrees
    map_mean, mask_mean = chosen / size, object_size / size
    counts = {
        (1, 1): inside,
        (1, 0): outside,
        (0, 1): object_size - inside,
        (0, 0): size - object_size - outside,
    }
    return sum(n * _align(p - map_mean, t - mask_mean) for (p, t), n in counts.items()) / degrees


def _align(x: np.ndarray, y: float) -> np.ndarray:
    return (2 * x * y / (x**2 + y**2 + EPSILON) + 1) ** 2 / 4
