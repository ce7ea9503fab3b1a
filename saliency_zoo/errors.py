"""The one exception for what a user can put right, and the sentence for a misspelt name."""

from collections.abc import Iterable

_LISTED = 24


class ZooError(ValueError):
    """Bad input, said in one sentence. The command line prints it and exits with code 2."""

    ag_pass_through = True  # TensorFlow leaves it as it is where a layer raises it


class UnknownName(ZooError, KeyError):  # noqa: N818
    """A name that is not in a registry. Also a KeyError, so that `in` and `.get` work."""

    __str__ = ValueError.__str__  # KeyError would quote the sentence


def unknown(
    what: str, name: object, choices: Iterable[str], looked: Iterable[str] = ()
) -> UnknownName:
    """The error for a name outside `choices`: what it is, the near miss, what there is.

    Args:
        what: what the name stands for, e.g. `"network"` or `"key of [train]"`.
        name: the name that was received.
        choices: the names that would have been right.
        looked: the places where it was looked for.
    """
    choices = sorted(choices)
    near = _near(name, choices) if isinstance(name, str) and name else []
    hint = f" Did you mean {near[0]!r}?" if near else ""
    shown = choices if len(choices) <= _LISTED else near or choices[:_LISTED]
    listed = f" Choose from: {', '.join(shown)}" if shown else " There is none to choose from"
    more = f", ... ({len(choices)} in all)" if len(shown) < len(choices) else ""
    where = f". Looked in {', '.join(looked)}" if looked else ""
    return UnknownName(f"Unknown {what}.{hint}{listed}{more}{where}. Received: {name!r}")


def without(extra: str, what: str, received: object) -> ZooError:
    """The error for packages that only an extra of this one brings.

    Args:
        extra: its name.
        what: what needs it, e.g. `"The server"`.
        received: what is there instead.
    """
    return ZooError(
        f"{what} needs the extra {extra}, by pip install '.[{extra}]' in a clone. "
        f"Received: {received}"
    )


def _near(name: str, choices: list[str]) -> list[str]:
    import difflib  # takes a third of the time of a listing

    near = difflib.get_close_matches(name, choices, n=_LISTED, cutoff=0.6)
    return near or [choice for choice in choices if choice.startswith(name)]
