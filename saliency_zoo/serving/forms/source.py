"""What a form is made of."""

import dataclasses

from saliency_zoo.serving.endpoints import Endpoint


@dataclasses.dataclass(frozen=True)
class Source:
    """One signature of a preset.

    Args:
        signature: its name.
        endpoint: its function, of operations that every form has.
        shape: of an image: height and width, None for any, and channels.
        about: what the form says of itself where it can: name, classes, licence.
    """

    signature: str
    endpoint: Endpoint
    shape: tuple[int | None, int | None, int]
    about: dict[str, str]
