"""Preparing a TFDS set, after a look at whether that can work at all.

TFDS alone retries a network that is not there for a minute and a half.
"""

import os
import socket
import threading
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from saliency_zoo.errors import ZooError

_SECONDS = 2.0
_PORTS = {"http": 80, "https": 443}


def prepare(tensorflow_datasets: ModuleType, builder: Any, manual_dir: str | None) -> None:
    """Makes the prepared form of a set from its archives.

    Args:
        tensorflow_datasets: the library.
        builder: of the set.
        manual_dir: the folder with the archives; TFDS's own unless given.
    """
    folder = Path(manual_dir).expanduser() if manual_dir else _default(builder)
    urls = _urls(tensorflow_datasets, builder)
    _check_archives(builder.name, folder, urls)
    absent = [url for url, info in urls.items() if not (folder / info.filename).is_file()]
    # Of a builder of the user's own without a list nobody knows whether it fetches anything.
    unknown = not urls and type(builder).__module__.startswith("tensorflow_datasets.")
    if (absent or unknown) and not _reachable((absent or [_homepage(builder)])[0]):
        raise ZooError(_missing(builder, folder, [urls[u].filename for u in absent], absent))
    config = tensorflow_datasets.download.DownloadConfig(
        manual_dir=folder if folder.is_dir() else None, try_download_gcs=False
    )
    try:
        builder.download_and_prepare(download_config=config)
    except Exception as error:  # of any of its hundreds of builders
        reason = str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
        raise ZooError(
            f"TFDS cannot prepare {builder.name!r}: {reason}. Received: archives in {folder}"
        ) from error


def _default(builder: Any) -> Path:
    return Path(os.fspath(builder.data_dir_root)) / "downloads" / "manual"


def _urls(tensorflow_datasets: ModuleType, builder: Any) -> dict[str, Any]:
    """What the set is made of, each with file name and size; empty where TFDS does not say."""
    try:
        found = builder.url_infos or {}
    except ImportError:  # of what only the search for the builder's own file needs
        found = _listed(tensorflow_datasets, builder.name)
    return {url: info for url, info in found.items() if info.filename}


def _listed(tensorflow_datasets: ModuleType, name: str) -> dict[str, Any]:
    root = Path(tensorflow_datasets.__file__).parent
    places = root / "datasets" / name / "checksums.tsv", root / "url_checksums" / f"{name}.txt"
    read = tensorflow_datasets.core.download.checksums.load_url_infos
    return next((read(place) for place in places if place.is_file()), {})


def _check_archives(name: str, folder: Path, urls: dict[str, Any]) -> None:
    """A file of another length is told now: TFDS would hash gigabytes first."""
    for info in urls.values():
        path = folder / info.filename
        if path.is_file() and info.size and path.stat().st_size != info.size:
            raise ZooError(
                f"The archive {info.filename} of {name!r} has {int(info.size)} bytes; was it cut "
                f"short? Received: {path.stat().st_size} bytes in {path}"
            )


def _homepage(builder: Any) -> str:
    return builder.info.homepage or "https://www.tensorflow.org/datasets"


def _missing(builder: Any, folder: Path, names: list[str], urls: list[str]) -> str:
    what, where = ", ".join(names) or "its files", ", ".join(urls) or _homepage(builder)
    return (
        f"The TFDS set {builder.name!r} is not prepared in {builder.data_path}, its archives are "
        f"not all in {folder}, and there is no network: put {what} into a writable folder and "
        f"give that as manual_dir=FOLDER; missing files come from {where}. "
        f"Received: 'tfds:{builder.name}'"
    )


def _reachable(url: str) -> bool:
    """Whether the host of a URL, or the proxy before it, takes a connection; soon, in any case."""
    parts = urlsplit(url)
    proxy = os.environ.get(f"{parts.scheme}_proxy") or os.environ.get(
        f"{parts.scheme.upper()}_PROXY"
    )
    if proxy:
        parts = urlsplit(proxy if "//" in proxy else f"//{proxy}")
    address = parts.hostname, parts.port or _PORTS.get(parts.scheme, 80)
    done: list[bool] = []
    # Looking up a name knows no time limit, so that a thread does it and may be left behind.
    thread = threading.Thread(target=_connect, args=(address, done), daemon=True)
    thread.start()
    thread.join(_SECONDS)
    return bool(done)


def _connect(address: tuple[str | None, int], done: list[bool]) -> None:
    try:
        with socket.create_connection(address, timeout=_SECONDS):
            done.append(True)
    except OSError:
        return
