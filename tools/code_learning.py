"""The 8-3-8 problem: three hidden units find a code for eight inputs.

python tools/code_learning.py                        prints the codes
python tools/code_learning.py --out code.png         draws them, too

An autoencoder sees eight inputs of which one is 1 and the others are 0, and has three sigmoid units
to pass them on (Rumelhart, Hinton and Williams, 1986; Mitchell, Machine Learning, 4.6.4). Nobody
tells it that three units have eight combinations of on and off.
"""

import argparse

import keras
import numpy as np
from keras import ops

import saliency_zoo as zoo
from saliency_zoo.data.images import write_image
from saliency_zoo.pictures.mosaic import as_map
from saliency_zoo.pictures.sheet import Row, sheet

INPUTS, HIDDEN = 8, 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", metavar="FILE", help="a PNG file for the picture")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default: %(default)s")
    parsed = parser.parse_args()
    inputs, codes, outputs = learn(parsed.seed)
    print(table(inputs, codes, outputs))
    if parsed.out:
        write_image(parsed.out, drawn(inputs, codes, outputs))


def learn(seed: int, steps: int = 1000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs, codes and outputs after so many steps on all inputs at once, one a row."""
    keras.utils.set_random_seed(seed)
    shape = {"image_size": (1, INPUTS), "channels": 1}
    network = zoo.create(
        "thesis_dense_small", classes=None, units=[HIDDEN], activation="sigmoid", **shape
    )
    learner = zoo.learner(
        "autoencoder", network, tied=False, decoder_activation="sigmoid", reduction="sum"
    )
    images = np.eye(INPUTS, dtype="float32").reshape(INPUTS, 1, INPUTS, 1)
    learner.compile(keras.optimizers.Adam(0.1))
    epoch = {"image": np.tile(images, (steps, 1, 1, 1))}
    learner.fit(epoch, batch_size=INPUTS, shuffle=False, verbose=0)
    codes, trace = learner.encode(images)
    decoded = learner.decode(codes, trace)
    return tuple(ops.convert_to_numpy(a).reshape(INPUTS, -1) for a in (images, codes, decoded))


def table(inputs: np.ndarray, codes: np.ndarray, outputs: np.ndarray) -> str:
    """The three of them in words, with outputs rounded."""
    lines = [f"{'input':10} {'code':16} output"]
    for row, code, output in zip(inputs, codes, outputs, strict=True):
        shown = " ".join(f"{value:.2f}" for value in code)
        lines.append(f"{_bits(row):10} {shown:16} {_bits(output)}")
    return "\n".join(lines)


def drawn(inputs: np.ndarray, codes: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """The three of them as squares, from 0, light, to 1, dark."""
    space = [np.full((1, 1), 255, np.uint8)]
    rows = []
    for each in zip(inputs, codes, outputs, strict=True):
        left, middle, right = ([as_map(np.full((1, 1), 0.9 - 0.9 * v)) for v in p] for p in each)
        label = " ".join(f"{value:.2f}" for value in each[1])
        rows.append(Row(label, [*left, *space, *middle, *space, *right]))
    note = "The code in numbers; the input, the code and the output in squares: dark is 1."
    return sheet("An autoencoder with 8 inputs and 3 hidden units", [rows], note, side=24)


def _bits(values: np.ndarray) -> str:
    return "".join(str(round(float(value))) for value in values)


if __name__ == "__main__":
    main()
