"""Tables in Markdown that also read well in a terminal."""

from collections.abc import Sequence


def aligned(cells: Sequence[Sequence[str]]) -> str:
    """A table whose columns are aligned; its head is the first line."""
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)
