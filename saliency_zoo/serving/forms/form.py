"""Writes a preset in a form for other runtimes, when it says what the Keras model says."""

import dataclasses
import importlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np

from saliency_zoo import cards, presets
from saliency_zoo.errors import ZooError, unknown
from saliency_zoo.files import replacing
from saliency_zoo.serving.endpoints import (
    DEFAULT,
    INPUT,
    Endpoint,
    decoding,
    encoding,
    preprocessing,
)
from saliency_zoo.serving.forms import check, images, resizing
from saliency_zoo.serving.forms.source import Source

FORMS = ("onnx", "litert")


@dataclasses.dataclass(frozen=True)
class Made:
    """A form that was written.

    Args:
        path: of the file.
        shape: of an image: height and width, None for any, and channels.
        differences: from the Keras model, of each output.
    """

    path: Path
    shape: tuple[int | None, int | None, int]
    differences: list[check.Difference]

    def __str__(self) -> str:
        """The file, the input, and each output with its difference, one a line."""
        height, width, channels = self.shape
        image = _axes(height or "height", width or "width", channels)
        lines = [str(self.path), f"{INPUT}: uint8 ({image})"]
        for found in self.differences:
            lines.append(f"{found.output}: {found.dtype} ({_axes(*found.shape)}), {found}")
        return "\n".join(lines)


def export_form(
    name: str,
    form: str,
    out: str | Path | None = None,
    precision: str = "float",
    signature: str = DEFAULT,
    calibrate: str | Path | None = None,
    force: bool = False,
) -> Made:
    """Writes one signature of a preset as ONNX or LiteRT, preprocessing inside.

    What was written gave the Keras model's outputs; a form that does not is refused.

    Args:
        name: a preset, or the path of one or of a finished run.
        form: `"onnx"` or `"litert"`.
        out: the file; by default the preset's name in the working directory.
        precision: `"float"`, `"float16"` or `"int8"`.
        signature: e.g. `"encode"`; see docs/presets.md.
        calibrate: folder of images that 8 bits are calibrated on; generated scenes otherwise.
        force: replace the file.
    """
    _check(form, precision, calibrate)
    module = importlib.import_module(f"saliency_zoo.serving.forms.{form}")
    folder = presets.find(name)
    card = cards.read_card(folder)
    label = "" if signature == DEFAULT else f".{signature}"
    out = Path(out or f"{cards.check_name(card['name'])}{label}{module.SUFFIX}")
    if out.exists() and not force:
        raise ZooError(f"The file is there: take another, or --force. Received: {str(out)!r}")
    size, channels = card["model"]["preprocessing"]["size"], card["model"]["network"]["channels"]
    calibrating, checking = None, images.of_several_sizes(size, channels)
    if precision == "int8":
        calibrating, rest = images.to_calibrate(calibrate, size, channels)
        checking = np.array_split(rest, -(-len(rest) // 32))
    source = _source(folder, signature, card, size if precision in module.FIXED else None)
    data = _converted(module, source, precision, calibrating)
    expected = _answers(_endpoint(folder, signature, preprocessing(folder)), checking)
    found = check.differences(precision, expected, map(module.runner(data), checking))
    _refuse_what_differs(found, form, precision)
    with replacing(out) as temporary:
        temporary.write_bytes(data)
    return Made(out, source.shape, found)


def _axes(*axes: int | str) -> str:
    return ", ".join(map(str, ("batch", *axes)))


def _check(form: str, precision: str, calibrate: str | Path | None) -> None:
    if form not in FORMS:
        raise unknown("form", form, FORMS)
    if precision not in check.PRECISIONS:
        raise unknown("precision", precision, check.PRECISIONS)
    if calibrate is not None and precision != "int8":
        raise ZooError(f"Only the precision int8 is calibrated. Received: {precision!r}")


def _source(folder: str, signature: str, card: dict[str, Any], size: int | None) -> Source:
    """The signature for images of one size, or of any."""
    swap = resizing.with_matrices if size is None else resizing.without_resizing
    shape = (size, size, card["model"]["network"]["channels"])
    about = {
        "name": card["name"],
        "signature": signature,
        "class_names": json.dumps(card["model"]["class_names"] or []),
        "licence": card["licence"],
    }
    endpoint = _endpoint(folder, signature, swap(preprocessing(folder)))
    return Source(signature, endpoint, shape, about)


def _endpoint(folder: str, signature: str, scaled: keras.Sequential) -> Endpoint:
    found = encoding(folder, scaled)
    if signature not in found:  # those that decode take longer to build
        found |= decoding(folder, scaled)
    if signature not in found:
        raise unknown("signature", signature, found)
    return found[signature]


def _converted(
    module: ModuleType, source: Source, precision: str, calibrating: np.ndarray | None
) -> bytes:
    try:
        return module.convert(source, precision, calibrating)
    except ZooError:
        raise
    except Exception as error:  # whatever the converters of other projects raise
        lines = str(error).splitlines() or [type(error).__name__]
        raise ZooError(
            f"This form has no operation for a part of {source.signature!r}: {lines[0][:200]} "
            f"Received: {source.about['name']!r}"
        ) from error


def _answers(endpoint: Endpoint, batches: Iterable[np.ndarray]) -> Iterator[check.Outputs]:
    for batch in batches:
        with keras.device("cpu:0"):  # GPUs round the products of convolutions to 10 bits
            outputs = endpoint.call(batch)
        yield {name: keras.ops.convert_to_numpy(value) for name, value in outputs.items()}


def _refuse_what_differs(found: list[check.Difference], form: str, precision: str) -> None:
    for difference in found:
        if not difference.within:
            raise ZooError(
                f"The {precision} {form} differs from the Keras model and was not written: "
                f"{difference.output}, {difference}. Received: {difference.found:.2g}"
            )
