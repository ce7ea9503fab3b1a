"""Counters and histograms, and the text that Prometheus reads."""

import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
IMAGES = (1, 2, 4, 8, 16, 32, 64, 128)


class Counter:
    """A number for each combination of labels; it only grows."""

    def __init__(self, name: str, purpose: str, *labels: str):
        self.name, self.purpose, self.labels = name, purpose, labels
        self.values: dict[tuple, float] = defaultdict(float)

    def add(self, *values: object) -> None:
        """Counts one more."""
        self.values[values] += 1

    def lines(self) -> list[str]:
        """In the text format."""
        return gauge(self.name, self.purpose, self.labels, self.values, kind="counter")


class Histogram:
    """How often a value lay below each of some bounds, for each combination of labels."""

    def __init__(self, name: str, purpose: str, bounds: Sequence[float], *labels: str):
        self.name, self.purpose, self.bounds, self.labels = name, purpose, bounds, labels
        self._counts: dict[tuple, list[int]] = defaultdict(lambda: [0] * (len(bounds) + 1))
        self._sums: dict[tuple, float] = defaultdict(float)

    def observe(self, value: float, *values: object) -> None:
        """Counts a value."""
        self._counts[values][bisect.bisect_left(self.bounds, value)] += 1
        self._sums[values] += value

    def lines(self) -> list[str]:
        """In the text format, where each bound counts everything below it."""
        found = _head(self.name, self.purpose, "histogram")
        for values, counts in self._counts.items():
            below = 0
            for bound, count in zip((*self.bounds, "+Inf"), counts, strict=True):
                below += count
                labels = (*self.labels, "le")
                found.append(_line(f"{self.name}_bucket", labels, (*values, bound), below))
            found.append(_line(f"{self.name}_sum", self.labels, values, self._sums[values]))
            found.append(_line(f"{self.name}_count", self.labels, values, below))
        return found


class Metrics:
    """What the application counts."""

    def __init__(self):
        self.requests = Counter(
            "saliency_zoo_requests_total",
            "Requests by protocol, model and status; 499 where the client had gone.",
            *("protocol", "model", "status"),
        )
        self.seconds = Histogram(
            "saliency_zoo_request_seconds",
            "From the headers of a request to the end of its response.",
            SECONDS,
            *("protocol", "model"),
        )
        self.batches = Histogram(
            "saliency_zoo_batch_images", "Images of one call of a model.", IMAGES, "model"
        )

    def text(self, gauges: Iterable[Sequence[str]]) -> str:
        """Everything counted, and the lines of some gauges."""
        families = [self.requests.lines(), self.seconds.lines(), self.batches.lines(), *gauges]
        return "".join(f"{line}\n" for family in families for line in family)


def gauge(
    name: str,
    purpose: str,
    labels: Sequence[str],
    values: Mapping[tuple, float],
    kind: str = "gauge",
) -> list[str]:
    """The lines of one number for each combination of labels."""
    return _head(name, purpose, kind) + [_line(name, labels, k, v) for k, v in values.items()]


def _head(name: str, purpose: str, kind: str) -> list[str]:
    return [f"# HELP {name} {purpose}", f"# TYPE {name} {kind}"]


def _line(name: str, labels: Sequence[str], values: Sequence, number: float) -> str:
    pairs = ",".join(f'{k}="{_escaped(v)}"' for k, v in zip(labels, values, strict=True))
    return f"{name}{{{pairs}}} {number:.12g}" if pairs else f"{name} {number:.12g}"


def _escaped(value: object) -> str:
    return str(value).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
