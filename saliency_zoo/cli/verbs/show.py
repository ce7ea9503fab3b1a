"""The verb `show`."""

from saliency_zoo.cli.verb import (
    JSON,
    Verb,
    argument,
    options_of,
    print_json,
    print_text,
    read_options,
)
from saliency_zoo.errors import ZooError


def run(parsed) -> None:
    if parsed.name == "data":
        return _show_data(parsed)
    words = [word for word in (parsed.set, *parsed.assignments) if word]
    if parsed.picture:
        return _show_picture(parsed, words)
    extra = [*words, *(o for o in (parsed.out, parsed.data, parsed.screen and "--screen") if o)]
    if extra:
        raise ZooError(
            "Only an image set takes more words (saliency-zoo show data DATA), and a picture "
            f"(--picture KIND). Received: {extra[0]!r}"
        )
    from saliency_zoo.description import describe

    found = describe(parsed.name)
    print_json(found.data) if parsed.json else print_text(found.text)
    return None


def _show_picture(parsed, words) -> None:
    _check_one_destination(parsed)
    from saliency_zoo.training import backend

    backend.start()
    from saliency_zoo.config import parse_options
    from saliency_zoo.pictures import output, picture

    if parsed.picture == "list":
        rows = picture.kinds()
        lines = "\n".join(f"{kind:17} {text}" for kind, text in rows.items())
        return print_json(rows) if parsed.json else print(lines)
    options = read_options(words, "name", "kind", "data", "out")
    if parsed.data:
        options |= parse_options([f"data={parsed.data}"])
    if parsed.screen:
        output.check_screen()
        return output.on_screen(picture.picture(parsed.name, parsed.picture, **options))
    path = picture.save(parsed.name, parsed.picture, parsed.out, **options)
    print_json({"picture": str(path)}) if parsed.json else print(f"picture: {path}")
    return None


def _show_data(parsed) -> None:
    if not parsed.set:
        raise ZooError("An image set follows, e.g. `show data synthetic`. Received: nothing")
    if parsed.picture or parsed.data:
        raise ZooError(
            "Of an image set --out FILE writes a sheet of its images; --picture and --data are for "
            f"pictures of a preset. Received: {parsed.picture or parsed.data!r}"
        )
    _check_one_destination(parsed)
    from saliency_zoo.data.image_set import load
    from saliency_zoo.data.images import write_image
    from saliency_zoo.data.summary import in_words, summarise
    from saliency_zoo.pictures import contact, output

    if parsed.out:
        output.check_file(parsed.out)
    if parsed.screen:
        output.check_screen()
    found = load(parsed.set, **read_options(parsed.assignments, "name", "data", "path"))
    row = summarise(found)
    text = in_words(row)
    if parsed.out:
        write_image(parsed.out, contact.sheet(found))
        row, text = {**row, "picture": parsed.out}, f"{text}\npicture: {parsed.out}"
    print_json(row) if parsed.json else print(text)
    if parsed.screen:
        output.on_screen(contact.sheet(found))


def _check_one_destination(parsed) -> None:
    if parsed.screen and parsed.out:
        raise ZooError(
            "A picture is shown (--screen) or written (--out), not both. "
            f"Received: --screen and --out {parsed.out}"
        )


VERB = Verb(
    "show a preset's card, an entry's arguments or an image set, or draw what a preset has learnt",
    "thesis_conv.dual_path_quickstart --picture filters --out filters.png\n"
    "  saliency-zoo show thesis_conv.dual_path_quickstart --picture inversion stage=stage3 unit=3\n"
    "  saliency-zoo show data npz:tin10.npz --out tin10.png",
    argument(
        "name",
        metavar="NAME",
        help="a preset, a path to one or to a finished run, an entry (name or kind:name), or the "
        "word data with an image set after it",
    ),
    argument("set", nargs="?", metavar="DATA", help="after data: an image set"),
    argument(
        "--picture",
        metavar="KIND",
        help="of a preset: draws a picture of this kind; the kind `list` lists all",
    ),
    argument(
        "--out",
        metavar="FILE",
        help="a PNG file for the picture, by default NAME.KIND.png, or for a sheet of an image set",
    ),
    argument("--screen", action="store_true", help="show the picture, and write none"),
    argument(
        "--data",
        metavar="DATA",
        help="images for the picture: an image set or an image file; default: generated scenes",
    ),
    options_of("picture, or of the data set's reader"),
    JSON,
    function=run,
)
