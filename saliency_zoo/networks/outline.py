"""What a network gives where, found without values for its weights."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras

from saliency_zoo.networks.network import CODE, create, stages
from saliency_zoo.registry import Spec

WIDER = 64  # pixels, a multiple of what any network shrinks an image by


def outline(spec: Spec) -> dict[str, Any]:
    """The stages of a network: their names, channels or units, and reduction.

    A stage of reduction 4 gives a row and a column for every fourth of the image; one without rows
    and columns has none.

    Args:
        spec: a registered name, or a table of name and arguments.

    Returns:
        `image`, the shape of its input; `stages`, in order; `code`, the units of its code.

    Example:
        >>> outline("resnet20")["stages"][-1]
        {'name': 'stage3', 'channels': 64, 'reduction': 4}
    """
    # In a thread of its own, because Keras keeps a list of what has no value yet for each thread.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(_outline, spec).result()


def _outline(spec: Spec) -> dict[str, Any]:
    with keras.StatelessScope(initialize_variables=False):
        encoder = create(spec, classes=None)
    image = encoder.input.shape[1:]
    wider, rows = (1, *(side + WIDER for side in image[:2]), image[2]), []
    for stage in stages(encoder):
        wider, given = stage.compute_output_shape(wider), stage.shapes[-1]
        grown = wider[1] - given[0] if len(given) == 3 else 0
        reduction = WIDER // grown if grown else None
        rows.append({"name": stage.name, "channels": given[-1], "reduction": reduction})
    code = encoder.get_layer(CODE).output.shape[-1]
    return {"image": list(image), "stages": rows, "code": code}
