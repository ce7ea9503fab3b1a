"""Calling what a name stands for with options that a user wrote: wrong ones get one sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from saliency_zoo.errors import ZooError, unknown

TYPE_CHECKING = False  # that of typing, which takes as long to import as a listing
if TYPE_CHECKING:
    from typing import Any

_WORDS = {
    int: "an integer",
    float: "a number",
    str: "a string",
    bool: "true or false",
    Sequence: "a list",
    Mapping: "a table of name and options",
}


def made(kind: str, name: str, target: Callable, /, *args: Any, **options: Any) -> Any:
    """`target(*args, **options)`, after a look at the names and the types of the options.

    What Keras says of a value that one of its layers does not take becomes a sentence too; any
    other error is a bug and stays what it is.

    Args:
        kind: what is called, e.g. `"network"`.
        name: its name.
        target: class or function.
        *args: passed on.
        **options: passed on.
    """
    check(kind, name, target, options, taken=len(args))
    try:
        return target(*args, **options)
    except (TypeError, ValueError) as error:
        if isinstance(error, ZooError) or not _raised_in(error, "keras"):
            raise
        said = str(error).strip().partition("\n")[0].rstrip(".")
        raise ZooError(
            f"The {kind} {name!r} does not take these options: {said}."
            + ("" if "eceived" in said else f" Received: {options}")
        ) from error


def check(
    kind: str, name: str, target: Callable, options: Mapping[str, Any], taken: int = 0
) -> None:
    """Refuses options that `target` does not have, and values of another type than it declares.

    Args:
        kind: what is called, as above.
        name: its name.
        target: class or function.
        options: by name.
        taken: how many leading parameters are no options, because the caller fills them.
    """
    known = _parameters(target)
    accepted = parameters(target)
    if accepted is not None:
        accepted -= set(list(known)[:taken])
    for key, value in options.items():
        if accepted is not None and key not in accepted:
            raise unknown(f"option of {kind} {name!r}", key, accepted)
        hints = _kinds(known[key].annotation) if key in known else ()
        if hints and not any(_fits(value, hint) for hint in hints):
            words = " or ".join(_WORDS[h] for h in hints if h in _WORDS)
            raise ZooError(f"{key} of {name} is {words}. Received: {value!r}")


def parameters(target: Callable) -> set[str] | None:
    """The keyword arguments that `target` takes; None when it takes any."""
    # A class passes its **kwargs on to its bases, so the union of their signatures counts.
    found, bound = set(), False
    for base in target.__mro__ if isinstance(target, type) else [target]:
        if base is object or (isinstance(base, type) and "__init__" not in vars(base)):
            continue
        kinds = _parameters(base)
        found |= {
            k for k, p in kinds.items() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        }
        bound = not any(p.kind is p.VAR_KEYWORD for p in kinds.values())
        if bound:
            break
    return found if bound or isinstance(target, type) else None


def _parameters(target: Callable) -> dict:
    import inspect

    function = target.__init__ if isinstance(target, type) else target
    try:
        signature = inspect.signature(function, eval_str=True)
    except NameError:  # annotations that hold only while types are checked
        signature = inspect.signature(function)
    known = dict(signature.parameters)
    if isinstance(target, type):
        known.pop("self", None)
    return known


def _kinds(annotation: Any) -> tuple:
    """The types that an annotation allows; none where some of it is more than a type."""
    import types
    import typing

    union = typing.get_origin(annotation) in (types.UnionType, typing.Union)
    hints = typing.get_args(annotation) if union else (annotation,)
    kinds = tuple(typing.get_origin(hint) or hint for hint in hints)
    plain = all(kind in (*_WORDS, type(None), Callable) for kind in kinds)
    return kinds if plain and any(kind in _WORDS for kind in kinds) else ()


def _fits(value: Any, kind: type) -> bool:
    import numbers

    if isinstance(value, bool):
        return kind is bool
    if kind in (int, float):
        return isinstance(value, numbers.Integral if kind is int else numbers.Real)
    return isinstance(value, kind) and not (kind is Sequence and isinstance(value, str))


def _raised_in(error: BaseException, package: str) -> bool:
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] == package
