"""Under load: requests are joined, refused in time, dropped with their clients, and counted."""

import asyncio
import json
import socket
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")

from saliency_zoo.serving.server.app import application
from saliency_zoo.serving.server.limits import Limits, Room, Share
from saliency_zoo.serving.server.metrics import Metrics
from saliency_zoo.serving.server.models.batching import Batcher
from saliency_zoo.serving.server.refusal import Refusal
from tests.serving.running import TOY, Client, Gate, image, means, running, signatures, toy
from tests.serving.running import wait_until as until

V1 = f"/v1/models/{TOY}:predict"


def ones(count, value=1, size=2):
    return np.full((count, size, size, 3), value, "uint8")


async def settled():
    """Lets every task that can run do so."""
    for _ in range(10):
        await asyncio.sleep(0)


async def queue_behind(gate, batcher, *batches):
    """Tasks for batches that came while the model was busy with a first one."""
    first = asyncio.create_task(batcher.run(gate, [ones(1)]))
    await asyncio.to_thread(gate.entered.wait)
    tasks = [asyncio.create_task(batcher.run(gate, [batch])) for batch in batches]
    await settled()
    return first, tasks


def test_what_waits_is_joined_as_far_as_it_fits():
    async def joined():
        gate, batcher = Gate(), Batcher(Limits(batch=4, pixels=160))
        sizes = [ones(1, 1), ones(2, 2), ones(1, 3, size=3), ones(3, 4), ones(1, 5), ones(2, 6, 9)]
        first, tasks = await queue_behind(gate, batcher, *sizes, ones(1, 7, 9))
        gate.open.set()
        found = await asyncio.gather(*tasks)
        await first
        batcher.close()
        return gate.batches, found

    batches, found = asyncio.run(joined())
    # The first alone; 1 + 2 + 1 of one size; the other size; what did not fit; two by their pixels.
    assert batches == [1, 4, 1, 3, 2, 1]
    counts = [1, 2, 1, 3, 1, 2, 1]
    for value, (count, outputs) in enumerate(zip(counts, found, strict=True), 1):
        assert outputs["mean"].tolist() == [value] * count


def test_an_idle_model_is_called_at_once():
    async def alone():
        batcher, seen = Batcher(Limits()), []
        batcher._observe = seen.append
        for value in range(3):
            outputs = await batcher.run(means, [ones(1, value)])
            assert outputs["mean"] == [value]
        batcher.close()
        return seen

    assert asyncio.run(alone()) == [1, 1, 1]


def test_what_is_cancelled_leaves_the_queue():
    async def cancelled():
        gate, batcher = Gate(), Batcher(Limits())
        first, tasks = await queue_behind(gate, batcher, ones(1), ones(5), ones(1))
        assert len(batcher) == 3
        tasks[1].cancel()
        await settled()
        assert len(batcher) == 2
        gate.open.set()
        await asyncio.gather(first, tasks[0], tasks[2])
        batcher.close()
        return gate.batches

    assert asyncio.run(cancelled()) == [1, 2]


def test_a_full_queue_refuses():
    async def full():
        gate, batcher = Gate(), Batcher(Limits(queue=2))
        first, tasks = await queue_behind(gate, batcher, ones(1), ones(1))
        with pytest.raises(Refusal, match="queue of the model is full") as refusal:
            await batcher.run(gate, [ones(1)])
        assert (refusal.value.status, refusal.value.retry) == (429, 1)
        gate.open.set()
        await asyncio.gather(first, *tasks)
        batcher.close()

    asyncio.run(full())


def test_room_is_given_back_whatever_happens():
    room = Room(10)
    with Share(room) as share:
        share.take(6)
        with Share(room) as other:
            other.take(3)
            with pytest.raises(Refusal, match="memory") as refusal:
                other.take(3)
        assert (refusal.value.status, refusal.value.retry) == (503, 1)
        assert room.used == 6
    assert room.used == 0


@pytest.fixture
def gate():
    found = Gate()
    yield found
    found.open.set()


def gated(tmp_path, gate, **limits):
    return running(toy(tmp_path, lambda _: signatures(gate), **limits), **limits)


def ask(client, value=7, path=V1):
    return Client(client.port).ask(path, {"instances": [image(value)]})


def connected(client):
    return socket.create_connection(("127.0.0.1", client.port))


def gauge(client, name):
    lines = Client(client.port).ask("/metrics").body.decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name))


def test_many_clients_get_their_own_answers_or_are_told_to_come_back(tmp_path, gate):
    with gated(tmp_path, gate, queue=8) as client, ThreadPoolExecutor(24) as clients:
        asked = [clients.submit(ask, client, value) for value in range(24)]
        until(lambda: sum(future.done() for future in asked) == 15)  # one is called, eight wait
        assert gauge(client, "saliency_zoo_queue") == 8
        gate.open.set()
        said = [future.result() for future in asked]
    answered = {v: s.json["predictions"] for v, s in enumerate(said) if s.status == 200}
    assert answered == {value: [value] for value in answered}
    assert len(answered) == 9
    assert gate.batches == [1, 8]
    for refused in (s for s in said if s.status != 200):
        assert (refused.status, refused.headers["retry-after"]) == (429, "1")
        assert "full" in refused.json["error"]


def test_ten_thousand_requests_at_once(tmp_path, gate):
    model = toy(tmp_path, lambda _: signatures(gate))
    app = application([model], Limits(), Metrics())
    asked = {"type": "http.request", "body": json.dumps({"instances": [image()]}).encode()}
    scope = {"type": "http", "method": "POST", "path": V1, "query_string": b"", "headers": []}

    async def one():
        said, asking = [], iter([asked])

        async def receive():
            return next(asking, None) or await asyncio.Event().wait()

        async def send(message):
            said.append(message)

        await app(dict(scope), receive, send)
        return said[0]["status"]

    async def everybody():
        tasks = [asyncio.create_task(one()) for _ in range(10_000)]
        while sum(task.done() for task in tasks) < 10_000 - 257:
            await asyncio.sleep(0.01)
        gate.open.set()
        return Counter(await asyncio.gather(*tasks))

    assert asyncio.run(everybody()) == {200: 257, 429: 9743}  # one is called, 256 wait
    assert asyncio.run(one()) == 200
    model.batcher.close()


def test_a_request_whose_time_is_over_is_told_and_forgotten(tmp_path, gate):
    with gated(tmp_path, gate) as client, ThreadPoolExecutor(1) as clients:
        first = clients.submit(ask, client)
        gate.entered.wait()
        tensor = {"name": "image", "shape": [1, 1, 1, 3], "datatype": "UINT8", "data": [1, 2, 3]}
        body = {"inputs": [tensor], "parameters": {"timeout": 50_000}}
        said = Client(client.port).ask(f"/v2/models/{TOY}/infer", body)
        assert said.status == 504
        assert "0.05 seconds" in said.json["error"]
        assert gauge(client, "saliency_zoo_queue") == 0
        gate.open.set()
        assert first.result().status == 200
    assert gate.batches == [1]


def test_a_client_that_has_gone_is_dropped_from_the_queue(tmp_path, gate):
    with gated(tmp_path, gate) as client, ThreadPoolExecutor(1) as clients:
        first = clients.submit(ask, client)
        gate.entered.wait()
        body = json.dumps({"instances": [image()]}).encode()
        request = f"POST {V1} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        with connected(client) as leaving:
            leaving.sendall(request + body)
            until(lambda: gauge(client, "saliency_zoo_queue") == 1)
        until(lambda: gauge(client, "saliency_zoo_queue") == 0)
        with connected(client) as leaving:
            leaving.sendall(request + body[:-5])
        gate.open.set()
        assert first.result().status == 200
        gone = f'saliency_zoo_requests_total{{protocol="tfserving",model="{TOY}",status="499"}}'
        until(lambda: gauge(client, gone) == 2)
        assert gauge(client, 'saliency_zoo_memory_bytes{what="used"}') == 0
    assert gate.batches == [1]


def test_a_slow_client_is_told_and_others_go_on(tmp_path):
    with running(toy(tmp_path), timeout=0.3) as client, connected(client) as slow:
        slow.sendall(f"POST {V1} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{{".encode())
        assert ask(client).status == 200
        assert slow.recv(12) == b"HTTP/1.1 408"


def test_memory_that_is_taken_is_said(tmp_path, gate):
    body = json.dumps({"instances": [image()]}).encode()
    limits = {"memory": 3 * len(body) // 2}
    with gated(tmp_path, gate, **limits) as client, ThreadPoolExecutor(1) as clients:
        first = clients.submit(ask, client)
        gate.entered.wait()
        said = ask(client)
        assert (said.status, said.headers["retry-after"]) == (503, "1")
        assert "memory" in said.json["error"]
        gate.open.set()
        assert first.result().status == 200
        assert ask(client).status == 200


def test_large_answers_come_whole(tmp_path):
    def large(images):
        return {"mean": np.zeros((len(images), 300_000), "float32")}

    with running(toy(tmp_path, lambda _: signatures(large))) as client:
        assert ask(client).json == {"predictions": [[0.0] * 300_000]}


def test_metrics_are_in_the_text_format(tmp_path):
    with running(toy(tmp_path)) as client:
        ask(client)
        ask(client, path="/v1/models/none:predict")
        ask(client, path="/v1/models/none2:predict")
        said = client.ask("/metrics")
    assert said.headers["content-type"].startswith("text/plain")
    text = said.body.decode()
    assert f'requests_total{{protocol="tfserving",model="{TOY}",status="200"}} 1\n' in text
    # Names that clients make up are no labels, which would grow without bound.
    assert 'requests_total{protocol="tfserving",model="",status="404"} 2\n' in text
    assert f'request_seconds_bucket{{protocol="tfserving",model="{TOY}",le="+Inf"}} 1\n' in text
    assert f'saliency_zoo_loaded{{model="{TOY}",version="1"}} 1\n' in text
    for line in text.splitlines():
        assert line.startswith("# ") or len(line.split()) == 2


def test_a_token_is_asked_for_everywhere_but_by_probes(tmp_path):
    with running(toy(tmp_path), token=b"secret") as client:
        body = {"instances": [image()]}
        for headers in ({}, {"Authorization": "Bearer secre"}, {"Authorization": "secret"}):
            for path, content in ((V1, body), ("/metrics", None), (f"/v1/models/{TOY}", None)):
                said = client.ask(path, content, **headers)
                assert (said.status, said.headers["www-authenticate"]) == (401, "Bearer")
        assert client.ask(V1, body, Authorization="Bearer secret").status == 200
        assert client.ask("/v2/health/ready").json == {"ready": True}


def test_threads_end_with_the_server(tmp_path):
    with running(toy(tmp_path)) as client:
        ask(client)
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith("model")])
