"""How much of saliency maps a linear layer reads from codes, beyond the map that all images share.

python tools/read_maps.py NAME ...     presets or finished runs; images and maps are the first one's

Of the images without labels 10,000 fit each reading, by ridge regression, and another 2,000 score
it. 0 is as good as the mean map for every image, 1 is the map itself. The first rows are what the
pixels give, and which share of the variance of the maps' pixels is that of the mean map.
"""

import sys

import numpy as np

from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.scores import outputs
from saliency_zoo.pictures.readout import readout
from saliency_zoo.pictures.subject import Subject
from saliency_zoo.training.inputs import read as read_images

FITTED, SCORED = 10_000, 2_000


def main(names: list[str]) -> int:
    if not names:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        for row in table({name: Subject(name) for name in names}):
            print(f"| {' | '.join(row)} |")
    except ZooError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def table(subjects: dict[str, Subject]) -> list[tuple[str, str]]:
    first = next(iter(subjects.values()))
    images, maps = seen(first)
    pixels = first.scaled(images).reshape(len(images), -1)
    rows = [
        ("codes", "share of the maps that is read"),
        ("---", "---"),
        ("none: the mean map, of all variance", f"{shared(maps):.3f}"),
        ("pixels", f"{read(pixels, maps):.3f}"),
    ]
    for name, subject in subjects.items():
        codes = outputs(subject.encoder, subject.scaled(images)).reshape(len(images), -1)
        rows.append((f"`{name}`", f"{read(codes, maps):.3f}"))
    return rows


def seen(subject: Subject) -> tuple[np.ndarray, np.ndarray]:
    """Images without labels as the network sees them, and their maps."""
    recipe, count = subject.recipe, FITTED + SCORED
    whole = read_images(recipe, recipe.data.unlabelled).split("unlabelled").images
    if len(whole) < count:
        raise ZooError(f"{count} images without labels are needed. Received: {len(whole)}")
    chosen = np.asarray(whole[np.arange(count) * len(whole) // count])
    return subject.crops(chosen), subject.maps(chosen)


def read(codes: np.ndarray, maps: np.ndarray) -> float:
    """Share of the variance about the mean map, on images that the reading was not fitted to."""
    order = np.random.default_rng(0).permutation(len(maps))
    fitted, scored = order[:FITTED], order[FITTED:]
    mean = maps[fitted].mean(0)
    found = readout(codes[fitted], maps[fitted], codes[scored])
    return float(1 - np.mean((found - maps[scored]) ** 2) / np.mean((mean - maps[scored]) ** 2))


def shared(maps: np.ndarray) -> float:
    """Share of the variance of all pixels of all maps that is that of the mean map."""
    return float(np.var(maps.mean(0)) / np.var(maps))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
