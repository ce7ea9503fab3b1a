"""Requests per second and latency of our server beside Triton and MLServer.

Each client keeps one connection and sends one image a request when the last is answered. The
servers take turns in rounds; a ratio is the median over rounds of the ratio within a round. All
give the same numbers for the same image, or the benchmark ends.

    python tools/benchmark_serving.py
    python tools/benchmark_serving.py --triton PYTHON --mlserver PYTHON
    python tools/benchmark_serving.py --soak 10

PYTHON is an interpreter of an environment with TensorFlow and `nvidia-pytriton` or `mlserver`.
"""

import argparse
import asyncio
import contextlib
import json
import re
import statistics
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import numpy as np
from serving_peers import mlserver, ours, triton

OUTPUT = "scores"


class Server(NamedTuple):
    """A server that runs, and the request that it is sent."""

    name: str
    url: str
    request: bytes


def request(url: str, model: str, size: int, binary: bool) -> bytes:
    """The bytes of one request."""
    image = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), dtype="uint8")
    tensor = {"name": "image", "shape": list(image.shape), "datatype": "UINT8"}
    tail, kind = b"", "application/json"
    if binary:
        tensor["parameters"] = {"binary_data_size": image.size}
        tail, kind = image.tobytes(), "application/octet-stream"
    else:
        tensor["data"] = image.ravel().tolist()
    asked = {"name": OUTPUT, "parameters": {"binary_data": True}} if binary else {"name": OUTPUT}
    text = json.dumps({"inputs": [tensor], "outputs": [asked]}).encode()
    length = f"Inference-Header-Content-Length: {len(text)}\r\n" if binary else ""
    head = (
        f"POST /v2/models/{model}/infer HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(text) + len(tail)}\r\n{length}\r\n"
    )
    return head.encode() + text + tail


async def asked(
    request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> tuple[bytes, bytes]:
    """Head and body of an answer; anything but one of status 200 ends the benchmark."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    body = await reader.readexactly(int(length[1]))
    if b" 200 " not in head.partition(b"\r\n")[0]:
        raise SystemExit(f"The server answered: {body.decode(errors='replace')}")
    return head, body


async def client(server: Server, ends: float) -> list[float]:
    """Seconds that each request of one connection took."""
    address = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    took = []
    while (began := time.perf_counter()) < ends:
        await asked(server.request, reader, writer)
        took.append(time.perf_counter() - began)
    writer.close()
    return took


async def load(server: Server, clients: int, seconds: float) -> dict[str, float]:
    """What many clients at once are served."""
    began = time.perf_counter()
    found = await asyncio.gather(*(client(server, began + seconds) for _ in range(clients)))
    wall, took = time.perf_counter() - began, [1000 * t for each in found for t in each]
    p50, p99 = np.percentile(took, [50, 99])
    return {"requests a second": len(took) / wall, "p50": float(p50), "p99": float(p99)}


async def scores(server: Server) -> np.ndarray:
    """The output of one request."""
    address = urlsplit(server.url)
    connection = await asyncio.open_connection(address.hostname, address.port)
    head, body = await asked(server.request, *connection)
    connection[1].close()
    length = re.search(rb"inference-header-content-length: *(\d+)", head, re.IGNORECASE)
    if length:
        return np.frombuffer(body[int(length[1]) :], "float32")
    return np.array(json.loads(body)["outputs"][0]["data"], "float32").ravel()


def compare(title: str, servers: list[Server], clients: int, seconds: float, rounds: int) -> None:
    """Prints a table of some servers, the first beside each other one."""
    first = asyncio.run(scores(servers[0]))
    for server in servers:
        np.testing.assert_allclose(asyncio.run(scores(server)), first, atol=1e-6)
        asyncio.run(load(server, clients, 2.0))  # warms it up
    found: dict[str, list[dict[str, float]]] = {server.name: [] for server in servers}
    for _ in range(rounds):
        for server in servers:
            found[server.name].append(asyncio.run(load(server, clients, seconds)))
    print(f"{title}, {clients} clients, one image a request; medians of {rounds} rounds")
    ours_ = found[servers[0].name]
    for name, rows in found.items():
        rate, p50, p99 = (statistics.median(row[key] for row in rows) for key in rows[0])
        print(f"  {name:10} {rate:7.0f} requests/s   p50 {p50:6.2f} ms   p99 {p99:6.2f} ms", end="")
        if rows is not ours_:
            ratios = [
                statistics.median(a[key] / b[key] for a, b in zip(ours_, rows, strict=True))
                for key in ("requests a second", "p99")
            ]
            print("   we serve {:.2f} of that, with {:.2f} of its p99".format(*ratios), end="")
        print()


def soak(preset: str, size: int, clients: int, minutes: float) -> None:
    """Loads our server for a long time and prints its memory as it goes."""
    with ours(preset) as (url, process):
        server = Server("ours", url, request(url, preset, size, binary=True))
        for minute in np.arange(0, minutes, 0.5):
            row = asyncio.run(load(server, clients, 30.0))
            status = Path(f"/proc/{process}/status").read_text()
            memory = int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024
            rate, p50, p99 = row.values()
            print(
                f"{minute + 0.5:4.1f} min  {memory:6.1f} MiB  {rate:6.0f} requests/s  "
                f"p50 {p50:.2f} ms  p99 {p99:.2f} ms, no error",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--preset", default="thesis_conv.dual_path_quickstart")
    parser.add_argument("--triton", metavar="PYTHON")
    parser.add_argument("--mlserver", metavar="PYTHON")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="our server alone")
    parser.add_argument("--clients", type=int, default=16, help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=8.0, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--size", type=int, default=24, help="pixels a side; default: %(default)s")
    parsed = parser.parse_args()
    if parsed.soak:
        return soak(parsed.preset, parsed.size, parsed.clients, parsed.soak)
    with contextlib.ExitStack() as running:
        urls = {"ours": running.enter_context(ours(parsed.preset))[0]}
        for start in (triton, mlserver):
            python = getattr(parsed, start.__name__)
            if python:
                folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
                started = start(python, parsed.preset, folder)
                urls[start.__name__] = running.enter_context(started)[0]
        for binary, title in ((True, "binary tensors"), (False, "JSON")):
            servers = [
                Server(name, url, request(url, parsed.preset, parsed.size, binary))
                for name, url in urls.items()
                if not (binary and name == "mlserver")  # it takes JSON only
            ]
            compare(title, servers, parsed.clients, parsed.seconds, parsed.rounds)
    return None


if __name__ == "__main__":
    main()
