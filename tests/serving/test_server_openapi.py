"""The server's OpenAPI document names what it answers, and nothing else."""

import re

import pytest

pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")

from saliency_zoo.serving.server.limits import Limits
from saliency_zoo.serving.server.protocols.openapi import document
from tests.serving.running import TOY, running, toy

APART = ("/page", "/metrics", "/openapi.json")


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with running(toy(tmp_path_factory.mktemp("openapi"), batch=3), batch=3) as found:
        yield found


@pytest.fixture(scope="module")
def said(client):
    return client.ask("/openapi.json").json


def test_every_address_is_there(said, tmp_path):
    from saliency_zoo.serving.server.app import application
    from saliency_zoo.serving.server.metrics import Metrics

    found = application([toy(tmp_path)], Limits(), Metrics())
    routes = {re.sub(r":(name|number)}", "}", route.path): route for route in found.routes}
    own = {path for path in routes if path != "/" and not path.startswith(APART)}
    assert own == said["paths"].keys()
    for path, item in said["paths"].items():
        assert {key.upper() for key in item if key != "parameters"} == routes[path].methods - {
            "HEAD"
        }


def test_what_can_be_read_is_answered(client, said):
    for path, item in said["paths"].items():
        if "get" in item:
            answer = client.ask(path.format(name=TOY, version=1))
            assert answer.status == 200, (path, answer)


def test_models_and_limits_are_this_server_s(said):
    parts = said["components"]
    assert parts["parameters"]["name"]["schema"]["enum"] == [TOY]
    rows, columns = parts["schemas"]["Predict"]["anyOf"]
    assert rows["properties"]["instances"]["maxItems"] == 3
    assert columns["properties"]["inputs"]["maxItems"] == 3
    assert "security" not in said


def test_a_token_is_wanted_but_for_probes():
    found = document([TOY], Limits(), token=True)
    assert found["security"] == [{"token": []}]
    open_ = [
        path for path, item in found["paths"].items() if item.get("get", {}).get("security") == []
    ]
    assert open_ == ["/v2/health/live", "/v2/health/ready"]


def test_references_lead_somewhere(said):
    for reference in set(re.findall(r"'\$ref': '#/([^']+)'", str(said))):
        place = said
        for part in reference.split("/"):
            place = place[part]
        assert place
