"""Progress of long work: a bar on a terminal, plain lines elsewhere. Always on standard error."""

import sys
import time


class Progress:
    """Counts work that is done.

    Args:
        label: what is being done.
        total: how many units there are.
        done: how many were done in an earlier run.
        unit: what one unit is called.
        every: seconds between two lines where there is no terminal.
    """

    def __init__(
        self, label: str, total: int, done: int = 0, unit: str = "step", every: float = 15.0
    ):
        self.label, self.total, self.unit, self.every = label, total, unit, every
        self._done = self._first = done
        self._start = self._said = time.monotonic()
        self._bar = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, initial=done, desc=label, unit=unit, leave=True)

    def advance(self, count: int = 1, note: str = "") -> None:
        """Adds finished units; `note` is shown beside them."""
        self._done += count
        if self._bar is not None:
            self._bar.set_postfix_str(note, refresh=False)
            self._bar.update(count)
        elif time.monotonic() - self._said > self.every:
            self._say(note)

    def close(self, note: str = "") -> None:
        """The last word."""
        if self._bar is not None:
            self._bar.set_postfix_str(note, refresh=True)
            self._bar.close()
        else:
            self._say(note)

    def _say(self, note: str) -> None:
        self._said = time.monotonic()
        rate = (self._done - self._first) / max(self._said - self._start, 1e-9)
        left = (self.total - self._done) / rate if rate else float("nan")
        line = f"{self.label}: {self._done}/{self.total}, {rate:.1f} {self.unit}/s"
        line += f", {left:.0f} s left" if self._done < self.total and rate else ""
        print(line + (f", {note}" if note else ""), file=sys.stderr, flush=True)
