"""The verb `new`."""

from saliency_zoo.cli.verb import Verb, argument


def run(parsed) -> None:
    import shlex

    from saliency_zoo.scaffold import new

    path = new(parsed.folder, parsed.out, parsed.begin_with)
    words = ["saliency-zoo", "train", str(path), "--out", f"runs/{path.stem}"]
    print(f"wrote {path}\nnext: {shlex.join(words)}")


VERB = Verb(
    "write a recipe for a folder of images",
    "photos/ --out photos.toml\n  saliency-zoo new photos/ --begin-with best_large.tin10",
    argument("folder", metavar="FOLDER", help="one folder a class, or images without labels"),
    argument("--out", metavar="FILE", help="default: the folder's name with .toml, here"),
    argument(
        "--begin-with",
        metavar="PRESET",
        help="begin with the encoder of this preset or finished run: fine-tune it or, without "
        "labels, pre-train it further; default: pre-train a fresh one",
    ),
    function=run,
)
