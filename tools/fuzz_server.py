"""Thousands of wrong requests to the server: `python tools/fuzz_server.py --cases 10000`.

Half of the cases are made by schemathesis from the server's own OpenAPI document (`pip install
schemathesis`), half are damaged here: tensors of KServe's binary protocol, image files, and forms
of them. Every answer must be one that the document knows, with one sentence where something is
refused; none may be the server's own failure; and at the end the server answers as it did before.
"""

import argparse
import collections
import http.client
import json
import random
import re
import subprocess
import tempfile
from collections.abc import Callable
from urllib.parse import urlsplit

import cv2
import numpy as np
from serving_peers import ours

PRESET, SIDE = "thesis_conv.dual_path_quickstart", 8
HEADER = "Inference-Header-Content-Length"
INFER, PREDICT = f"/v2/models/{PRESET}/infer", f"/v1/models/{PRESET}:predict"
Request = tuple[str, bytes, dict[str, str]]  # path, body, headers
REFUSED = {400, 404, 405, 408, 411, 413, 415, 429, 503, 504}


def tensor_parts() -> tuple[bytes, bytes]:
    """JSON and tensor of a request that is answered."""
    size = SIDE * SIDE * 3
    tensor = {"name": "image", "datatype": "UINT8", "shape": [1, SIDE, SIDE, 3]}
    head = {
        "id": "1",
        "inputs": [{**tensor, "parameters": {"binary_data_size": size}}],
        "outputs": [{"name": "code", "parameters": {"binary_data": True}}],
    }
    return json.dumps(head).encode(), bytes(range(256))[:size].ljust(size, b"\7")


def tensors(chance: random.Random) -> Request:
    """A binary tensor with something wrong: its bytes, lengths, numbers or words."""
    head, tensor = tensor_parts()
    length = str(len(head))
    kind = chance.randrange(6)
    if kind == 0:
        head = _flipped(chance, head)
    elif kind == 1:
        tensor = tensor[: chance.randrange(len(tensor))] * chance.randrange(3)
    elif kind == 2:
        length = chance.choice(["", "-1", "0", "1e3", "9" * chance.randrange(1, 5000), "\t7", "x"])
    elif kind == 3:
        number = chance.choice(["-1", "0", "1e9", "1e400", "NaN", "9" * 4000, "null", "[]", "2.5"])
        head = re.sub(rb"\d+", number.encode(), head, count=chance.randrange(1, 7))
    elif kind == 4:
        words = re.findall(rb'"[^"]+"', head)
        head = head.replace(
            chance.choice(words), chance.choice([*words, b'"\\ud800"', b"{}", b"7"])
        )
    else:
        cut = chance.randrange(len(head) + len(tensor))
        head, tensor = (head + tensor)[:cut], b""
    length = str(len(head)) if kind in (0, 3, 4) else length
    return INFER, head + tensor, {HEADER: length}


def file(chance: random.Random) -> bytes:
    """A PNG or JPEG, with some of its bytes changed, left out or repeated."""
    options = chance.choice([[], [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]])
    image = np.full((SIDE, SIDE, 3), chance.randrange(256), "uint8")
    ending, options = chance.choice([(".png", []), (".jpg", options)])
    whole = cv2.imencode(ending, image, options)[1].tobytes()
    start, end = sorted(chance.randrange(len(whole)) for _ in range(2))
    changed = [_flipped(chance, whole), whole[:start] + whole[end:], whole[:start], whole]
    changed += [whole[:end] + whole[start:end] * chance.randrange(40) + whole[end:]]
    return chance.choice(changed)


def files(chance: random.Random) -> Request:
    """An image file as the body."""
    return PREDICT, file(chance), {"Content-Type": chance.choice(["image/png", "image/jpeg"])}


def forms(chance: random.Random) -> Request:
    """A form of image files, in which a boundary, a head or an end may be wrong."""
    heads = [b'Content-Disposition: form-data; name="image"; filename="a"', b"", b'name="image"']
    heads += [b'Content-Disposition: form-data; name="signature_name"', b"filename*=utf-8''%ff"]
    marks = [b"--x"] * 8 + [b"--y", b"--x--", b"--", b"\r\n"]
    parts = [
        chance.choice(marks) + b"\r\n" + chance.choice(heads) + b"\r\n\r\n" + file(chance) + b"\r\n"
        for _ in range(chance.randrange(5))
    ]
    kinds = ["multipart/form-data; boundary=x"] * 6 + [
        "multipart/form-data",
        "multipart/;boundary=",
    ]
    body = b"".join(parts) + chance.choice([b"--x--\r\n"] * 4 + [b"--x", b""])
    return PREDICT, body, {"Content-Type": chance.choice(kinds)}


def _flipped(chance: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randrange(1, 4)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def ask(connection: http.client.HTTPConnection, path: str, body: bytes, headers: dict[str, str]):
    """Status and body of the answer."""
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    return response.status, response.read()


def damaged(
    url: str, make: Callable[[random.Random], Request], cases: int, seed: int
) -> collections.Counter:
    """How often each status answered damaged requests; ends at the first answer that is wrong."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
    head, tensor = tensor_parts()
    whole = INFER, head + tensor, {HEADER: str(len(head))}
    before = ask(connection, *whole)
    if before[0] != 200:
        raise SystemExit(f"the server does not answer: {before}")
    found: collections.Counter = collections.Counter()
    chance = random.Random(seed)
    for number in range(cases):
        status, said = ask(connection, *make(chance))
        found[status] += 1
        if status != 200:
            sentence = json.loads(said)["error"]
            if status not in REFUSED or "Traceback" in sentence or "\n" in sentence:
                name = make.__name__
                raise SystemExit(f"case {number} of {name}, seed {seed}: {status} {sentence}")
    if ask(connection, *whole) != before:
        raise SystemExit("the server answers otherwise than before")
    return found


def schema(url: str, cases: int, seed: int) -> str:
    """The last lines of schemathesis; ends the program where it finds something."""
    checks = ["not_a_server_error", "status_code_conformance", "content_type_conformance"]
    checks.append("response_schema_conformance")
    operations = 12  # that take so many different requests
    line = [
        "schemathesis",
        "run",
        f"{url}/openapi.json",
        "--phases",
        "fuzzing",
        "--seed",
        str(seed),
    ]
    line += ["--max-examples", str(-(-cases // operations)), "--checks", ",".join(checks)]
    with tempfile.TemporaryDirectory() as folder:  # it leaves files where it runs
        done = subprocess.run(line, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout[-6000:] + done.stderr)
    return re.search(r"\d+ generated, .*", done.stdout)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--cases", type=int, default=10_000, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parsed = parser.parse_args()
    half = parsed.cases // 2
    with ours(PRESET) as (url, _):
        for make, cases in (
            (tensors, half - 2 * (half // 4)),
            (files, half // 4),
            (forms, half // 4),
        ):
            found = dict(sorted(damaged(url, make, cases, parsed.seed).items()))
            print(f"{make.__name__}: {cases} damaged requests, by status: {found}", flush=True)
        print(f"by its OpenAPI document: {schema(url, half, parsed.seed)}")


if __name__ == "__main__":
    main()
