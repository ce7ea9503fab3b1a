"""Requests per second and latency of a server that speaks KServe's protocol.

It starts our own server on a free port, or measures one that runs already at --url. Each client
keeps one connection and sends one image a request, as a binary tensor, when the last is answered.

    python tools/benchmark_serving.py thesis_conv.dual_path_quickstart
    python tools/benchmark_serving.py NAME --url http://127.0.0.1:8000
"""

import argparse
import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import numpy as np


def main() -> None:
    """Prints one row of numbers as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name", help="the model, for our own server a preset")
    parser.add_argument("--url", help="of a server that runs; default: starts our own")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--size", type=int, default=24, help="pixels of a side of the image")
    parsed = parser.parse_args()
    with contextlib.nullcontext(parsed.url) if parsed.url else ours(parsed.name) as url:
        request = prediction(url, parsed.name, parsed.size)
        asyncio.run(load(url, request, parsed.clients, seconds=2))  # warms it up
        seconds, took = asyncio.run(load(url, request, parsed.clients, parsed.seconds))
    row = {
        "server": "ours" if parsed.url is None else parsed.url,
        "clients": parsed.clients,
        "size": parsed.size,
        "requests": len(took),
        "requests_per_second": round(len(took) / seconds, 1),
        **{f"p{p}_ms": round(float(np.percentile(took, p)) * 1000, 2) for p in (50, 99)},
    }
    print(json.dumps(row))


@contextlib.contextmanager
def ours(preset: str) -> Iterator[str]:
    """The address of our server in a process of its own."""
    line = [sys.executable, "-m", "saliency_zoo", "serve", preset, "--port", "0"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=os.environ) as process:
        try:
            yield re.search(r"http://\S+", process.stdout.readline())[0]
        finally:
            process.terminate()


def prediction(url: str, name: str, size: int) -> bytes:
    """The bytes of one request."""
    image = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), dtype="uint8")
    tensor = {"name": "image", "shape": list(image.shape), "datatype": "UINT8"}
    tensor["parameters"] = {"binary_data_size": image.size}
    content = {"inputs": [tensor], "parameters": {"binary_data_output": True}}
    text = json.dumps(content).encode()
    head = (
        f"POST /v2/models/{name}/infer HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(text) + image.size}\r\n"
        f"Inference-Header-Content-Length: {len(text)}\r\n\r\n"
    )
    return head.encode() + text + image.tobytes()


async def load(url: str, request: bytes, clients: int, seconds: float) -> tuple[float, list[float]]:
    """Many clients at once: how long it took, and how long each request did."""
    began = time.perf_counter()
    ends = began + seconds
    found = await asyncio.gather(*(client(url, request, ends) for _ in range(clients)))
    return time.perf_counter() - began, [took for each in found for took in each]


async def client(url: str, request: bytes, ends: float) -> list[float]:
    """One connection; anything but a whole answer of status 200 ends the benchmark."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    took = []
    while (began := time.perf_counter()) < ends:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        body = await reader.readexactly(int(length[1]))
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise SystemExit(f"The server answered: {body.decode(errors='replace')}")
        took.append(time.perf_counter() - began)
    writer.close()
    return took


if __name__ == "__main__":
    main()
