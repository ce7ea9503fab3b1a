"""The same cache of maps, filled by an Apache Beam pipeline instead of by one process.

Every worker opens the file of images and writes its shards to the folder, so both lie where all
workers see them. What `store.maps` has begun this goes on with, and the other way round.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from saliency_zoo.errors import ZooError, without
from saliency_zoo.saliency.store import Job


def maps(
    images: str | Path,
    name: str,
    options: Mapping[str, Any] | None = None,
    folder: str | Path = "maps",
    pipeline_options: Any = None,
) -> np.ndarray:
    """`store.maps`, with the shards computed by the workers of a Beam runner.

    Args:
        images: path of an `.npy` file, `(N, H, W, C)`.
        name: of the detector.
        options: of `detect`.
        folder: the cache.
        pipeline_options: of Beam; by default its local runner.

    Returns:
        A read-only memory map of float32, `(N, h, w)`.
    """
    beam = _beam()
    if not isinstance(images, str | Path):
        raise ZooError(
            "Workers open the images themselves, so images is the path of an .npy file. "
            f"Received: {type(images).__name__}"
        )
    job = Job.of(str(Path(images).absolute()), name, options or {}, Path(folder).absolute())
    with beam.Pipeline(options=pipeline_options) as pipeline:
        shards = pipeline | "Shards" >> beam.Create(range(job.shards)) | beam.Reshuffle()
        _ = shards | "Detect" >> beam.Map(job.compute)
    job.assemble()
    return np.load(job.target, mmap_mode="r")


def _beam():
    try:
        import apache_beam
    except ImportError:
        raise without("beam", "A pipeline of maps", "no Apache Beam") from None
    return apache_beam
