"""A preset as one file: an uncompressed tar archive, the same bytes for the same files.

Archives come from strangers. One holds plain files below one folder and nothing else: whatever
means more than its bytes say (links, devices, sparse files, extended headers) is refused. Names,
count and sizes are checked before anything is written, and checksums before anything is found.
"""

import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from saliency_zoo import cards
from saliency_zoo.errors import ZooError
from saliency_zoo.files import lock, replacing, replacing_folder

SUFFIX = ".tar"
MOST, _CHUNK, _LARGEST_CARD = 10_000, 1 << 20, 1 << 22
_PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE)
_KINDS = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_ .+=@-]{0,199}")  # neither hidden, nor .. or a drive


class _Member(NamedTuple):
    name: str
    start: int
    size: int


def pack(folder: str | Path, archive: str | Path) -> None:
    """Writes the preset in a folder as an archive."""
    folder = Path(folder)
    paths = [cards.CARD, *cards.files(folder)]
    for path in paths:
        if not all(map(_PART.fullmatch, path.split("/"))):
            raise ZooError(
                "Names of files in an archive are of ASCII letters, digits and _ .+=@-, up to 200, "
                f"and begin with a letter, a digit or _. Received: {path!r} in {str(folder)!r}"
            )
    with (
        replacing(archive) as temporary,
        tarfile.open(temporary, "w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for path in paths:
            header = tarfile.TarInfo(f"{folder.name}/{path}")  # without owner and time
            header.size = (folder / path).stat().st_size
            with (folder / path).open("rb") as file:
                tar.addfile(header, file)


def unpack(
    archive: str | Path,
    to: str | Path = "SavedModels",
    force: bool = False,
    limit: int = 1024,
) -> Path:
    """Unpacks a preset from an archive that `export` wrote.

    Args:
        archive: the file.
        to: the folder that holds presets.
        force: replace a preset of this name.
        limit: MiB that the files may take.

    Returns:
        The preset's folder, in which each file matches its checksum; else there is none.
    """
    with Path(archive).open("rb") as file:
        name, members = _contents(file, limit << 20)
        target = Path(to) / name
        _check_free(target, force)
        card = cards.parse(b"".join(_data(file, members[cards.CARD])), f"{archive}:{cards.CARD}")
        if card.get("name") != name:
            raise ZooError(
                f"A preset lies in a folder of its name, here {name!r}. "
                f"Received: {card.get('name')!r} on the card of {str(archive)!r}"
            )
        cards.check_whole(card, f"{archive}:{cards.CARD}")
        _refuse(file, cards.differing(card["files"], members.keys() - {cards.CARD}))
        Path(to).mkdir(parents=True, exist_ok=True)
        with lock(to):  # what others put there has come, or waits
            _check_free(target, force)
            with replacing_folder(target) as made:
                for path, member in members.items():
                    _write(made / path, _data(file, member))
                _refuse(file, cards.damaged(made))
    return target


def _check_free(target: Path, force: bool) -> None:
    if target.exists() and not force:
        raise ZooError(
            f"A preset of this name is there: replace it by --force. Received: {str(target)!r}"
        )


def _refuse(file: BinaryIO, problems: list[str]) -> None:
    if problems:
        raise ZooError(f"The archive is damaged: {problems[0]}. Received: {str(file.name)!r}")


def _contents(file: BinaryIO, limit: int) -> tuple[str, dict[str, _Member]]:
    """The one folder in an archive, and the files below it by their paths."""
    found: dict[str, _Member] = {}
    folder, taken = "", set()
    for member in _members(file, limit):
        parts = member.name.split("/")
        if not all(map(_PART.fullmatch, parts)):
            raise _unfit("whose path leads out of its folder, or is no plain one", member, file)
        if len(parts) < 2 or parts[0] != (folder or parts[0]):
            raise _unfit("beside the one folder", member, file)
        if member.name.casefold() in taken:  # not every file system tells case apart
            raise _unfit("for the second time", member, file)
        folder = parts[0]
        taken.add(member.name.casefold())
        found["/".join(parts[1:])] = member
    if cards.CARD not in found:
        raise ZooError(
            f"The archive holds no {cards.CARD}: it is no preset. Received: {str(file.name)!r}"
        )
    if found[cards.CARD].size > _LARGEST_CARD:
        raise _unfit("that is too large", found[cards.CARD], file)
    return cards.check_name(folder), found


def _unfit(what: str, member: _Member, file: BinaryIO) -> ZooError:
    return ZooError(
        f"The archive holds a file {what}: {member.name!r}. Received: {str(file.name)!r}"
    )


def _members(file: BinaryIO, limit: int) -> Iterator[_Member]:
    """The plain files of an archive, after comparing their count and sizes with the limits.

    `tarfile` would read extended headers, which are as long as they like and rename what follows.
    """
    end, total = os.fstat(file.fileno()).st_size, 0
    for _ in range(MOST + 1):
        header = _header(file)
        if header is None:
            return
        if header.isdir():
            continue
        if header.type not in _PLAIN:
            kind = _KINDS.get(header.type, "an extended header")
            raise ZooError(
                f"The archive holds {kind}, where only plain files belong: {header.name!r}. "
                f"Received: {str(file.name)!r}"
            )
        member = _Member(header.name, file.tell(), header.size)
        if not 0 <= member.size <= end - member.start:
            raise _unfit("that is cut short", member, file)
        total += member.size
        if total > limit:
            raise ZooError(
                f"The files of an archive take {limit >> 20} MiB at most, unless --limit says "
                f"otherwise. Received: {str(file.name)!r}"
            )
        yield member
        blocks = -(-member.size // tarfile.BLOCKSIZE)
        file.seek(member.start + blocks * tarfile.BLOCKSIZE)
    raise ZooError(f"An archive holds {MOST} files at most. Received: {str(file.name)!r}")


def _header(file: BinaryIO) -> tarfile.TarInfo | None:
    """The next header; None at the archive's end."""
    block = file.read(tarfile.BLOCKSIZE)
    if block == bytes(tarfile.BLOCKSIZE):
        return None
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        raise ZooError(
            f"The file is no tar archive, or is damaged or cut short. Received: {str(file.name)!r}"
        ) from error


def _data(file: BinaryIO, member: _Member) -> Iterator[bytes]:
    file.seek(member.start)
    for start in range(0, member.size, _CHUNK):
        yield file.read(min(_CHUNK, member.size - start))


def _write(path: Path, data: Iterator[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.writelines(data)
