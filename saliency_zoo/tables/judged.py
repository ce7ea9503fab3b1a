"""What accuracies are of: two that differ in it are not paired."""

from typing import Any, NamedTuple


class Judged(NamedTuple):
    """What accuracies are of."""

    images: str  # the checksum of the image set
    protocol: str
    labels: int
    crops: str


def judged(row: dict[str, Any]) -> Judged:
    """What the accuracies of a table's row are of, which has runs."""
    crops = row["recipe"]["evaluate"]["crops"] if "recipe" in row else "centre"
    return Judged(row["data"]["checksum"], row["protocol"], row["images"]["labelled"], crops)
