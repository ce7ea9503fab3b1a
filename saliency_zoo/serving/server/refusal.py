"""A request that is not answered: the status, and the sentence that says why."""

from saliency_zoo.errors import ZooError


class Refusal(ZooError):  # noqa: N818
    """Raised anywhere below the application, which makes a response of it.

    Args:
        status: of HTTP.
        sentence: what was wrong, what is expected, what was received.
        retry: after how many seconds it may go well, for what passes by itself.
    """

    def __init__(self, status: int, sentence: str, retry: int | None = None):
        super().__init__(sentence)
        self.status, self.retry = status, retry
