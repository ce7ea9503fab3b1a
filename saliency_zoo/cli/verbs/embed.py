"""The verb `embed`."""

from saliency_zoo.cli.verb import Verb, argument


def run(parsed) -> None:
    from saliency_zoo.evaluation.apply import embed

    count = embed(parsed.folder, parsed.model, parsed.out, parsed.stage)
    print(f"codes of {count} image{'s' * (count != 1)} in {parsed.out}")


VERB = Verb(
    "write the codes of every image in a folder",
    "photos/ --model thesis_conv.dual_path_quickstart --out codes.npz",
    argument("folder", metavar="FOLDER", help="searched for image files"),
    argument("--model", required=True, metavar="NAME", help="a preset, or a path to one"),
    argument("--out", required=True, metavar="FILE", help="an .npz file: codes and paths"),
    argument("--stage", default="code", metavar="NAME", help="e.g. stage2; default: %(default)s"),
    function=run,
    backend=True,
)
