"""The page in a real browser, as its users have it: by mouse, by keyboard, on a phone."""

import http.client
import json

import numpy as np
import pytest

pytest.importorskip("uvicorn", reason="the extra `serve` is not installed")

from saliency_zoo.data.images import write_image
from saliency_zoo.serving.server.limits import Limits
from saliency_zoo.serving.server.metrics import Metrics
from saliency_zoo.serving.server.models.model import Model
from tests.serving import chromium
from tests.serving.running import running, toy
from tests.serving.showing import CLASSES, NAME, coloured, shown, whole

pytestmark = pytest.mark.skipif(chromium.FOUND is None, reason="no Chromium is installed")
PRESET = "thesis_conv.dual_path_quickstart"
ROWS = "[...document.querySelectorAll('#scores tr')].map(row => row.innerText.split(/\\s+/))"
SHOWN = "[...document.querySelectorAll('#results section, #results figure')]"
SHOWN += ".filter(one => one.checkVisibility()).map(one => one.id)"
PARTS = ["serving_default", "pictures", "seen", "detector", "saliency", "reconstruct", "similar"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with chromium.tab(tmp_path_factory.mktemp("chromium")) as found:
        yield found


@pytest.fixture
def tab(browser):
    """A tab that has asked nobody but our server when the test ends, and has seen no error."""
    browser.show(1280, 900)
    browser.errors.clear()
    browser.asked.clear()
    yield browser
    browser.open("about:blank#end")
    assert browser.errors == []
    hosts = {address.split("/")[2] for address in browser.asked if address.startswith("http")}
    assert len(hosts) == 1
    assert hosts.pop().startswith("127.0.0.1:")


def visit(tab, client):
    """Opens the page of a server, and waits until it knows the models."""
    tab.open(f"http://127.0.0.1:{client.port}/")
    tab.until("!document.getElementById('choosers').hidden")


def text(name):
    return f"document.getElementById('{name}').textContent"


def select(tab, name, value):
    """Chooses from a list."""
    changed = "dispatchEvent(new Event('change'))"
    tab.says(
        f"(one => {{ one.value = '{value}'; one.{changed} }})(document.getElementById('{name}'))"
    )


def refusals(tab, *statuses):
    """Takes from the errors of a tab what the browser notes of refusals that were wanted."""
    left = [e for e in tab.errors if not any(f"status of {s} " in e for s in statuses)]
    assert len(left) < len(tab.errors)
    tab.errors[:] = left


@pytest.fixture
def picture(tmp_path):
    """A file that is mostly green, and not square."""
    image = np.zeros((32, 40, 3), "uint8") + np.uint8([40, 90, 60])
    image[8:20, 10:30] = 200, 220, 30
    write_image(tmp_path / "meadow.png", image)
    return tmp_path / "meadow.png", image


def test_all_works_by_keyboard(tab, tmp_path):
    with running(shown(tmp_path)) as client:
        visit(tab, client)
        order = []
        for _ in range(3):
            tab.press("Tab")
            order.append(tab.says("document.activeElement.id"))
            ring = "[document.activeElement, document.activeElement.parentElement]"
            assert tab.says(f"{ring}.some(e => getComputedStyle(e).outlineStyle === 'solid')")
        assert order == ["model", "file", "scene"]
        tab.press("Enter")
        tab.until(f"{text('status')}.startsWith('Most likely')")
        assert tab.says(SHOWN) == PARTS
        assert "Generated scene" in tab.says("document.getElementById('image').alt")
        tab.press("Tab")
        tab.until("[...document.querySelectorAll('#nearest img')].every(i => i.naturalWidth)")
        first = tab.says("document.activeElement.querySelector('img').alt")
        tab.press("Enter")
        number = first.removeprefix("Sample scene ")
        tab.until(f"{text('caption')}.startsWith('Generated scene {number}:')")
        tab.until("document.activeElement.id === 'input-heading'")
        tab.until(f"{text('status')}.startsWith('Most likely')")
        assert tab.says("document.querySelector('#nearest small').textContent") == "1.000"


def test_a_file_is_shown_as_the_model_sees_it(tab, tmp_path, picture):
    file, image = picture
    with running(shown(tmp_path / "model")) as client:
        visit(tab, client)
        tab.choose("#file", file)
        tab.until(f"{text('status')}.startsWith('Most likely green')")
        scores = coloured(image[None])["scores"][0]
        order = np.argsort(-scores)
        expected = [[CLASSES[i], f"{100 * scores[i]:.1f}%"] for i in order]
        assert tab.says(ROWS) == expected
        widths = (
            "[...document.querySelectorAll('.bar')].map(b => b.style.getPropertyValue('--part'))"
        )
        assert np.allclose([float(w) for w in tab.says(widths)], scores[order], atol=1e-5)
        assert tab.says("document.getElementById('image').alt") == "meadow.png"
        middle = "[...document.querySelector('#{} canvas').getContext('2d').getImageData({}).data]"
        decoded = whole()["reconstruct"].call(image[None])["image"][0]
        assert tab.says(middle.format("reconstruct", "6, 5, 1, 1")) == [*decoded[5, 6], 255]
        assert (
            tab.says("document.querySelector('#seen canvas').width") == 24
        )  # of 32, as the card says
        assert tab.says(middle.format("seen", "1, 1, 1, 1")) == [*image[0, 0], 255]
        assert tab.says(text("detector-name")) == "luminance"


def test_images_are_dropped_and_pasted(tab, tmp_path, picture):
    file, _ = picture
    with running(shown(tmp_path / "model")) as client:
        visit(tab, client)
        dragged = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
        for kind in ("dragEnter", "dragOver", "drop"):
            tab.send("Input.dispatchDragEvent", type=kind, x=640, y=700, data=dragged)
        tab.until(f"{text('status')}.startsWith('Most likely green')")
        paste = """(blob => {
            const data = new DataTransfer();
            data.items.add(new File([blob], "pasted.png", { type: "image/png" }));
            const event = { clipboardData: data, bubbles: true };
            document.body.dispatchEvent(new ClipboardEvent("paste", event));
        })"""
        tab.says(f"fetch('page/scenes/7.png').then(r => r.blob()).then({paste})")
        tab.until(f"{text('caption')} === 'pasted.png'")
        tab.until(f"{text('status')}.startsWith('Most likely')")
        tab.says(
            "document.body.dispatchEvent(new ClipboardEvent('paste', "
            "{ clipboardData: new DataTransfer(), bubbles: true }))"
        )
        assert tab.says(text("alert")) == "There is no image in what was pasted."


def test_what_the_server_refuses_is_one_sentence_on_the_page(tab, tmp_path, picture):
    file, _ = picture
    (tmp_path / "moving.gif").write_bytes(b"GIF89a" + bytes(50))
    (tmp_path / "large.png").write_bytes(file.read_bytes() + bytes(3_000_000))
    write_image(tmp_path / "wide.png", np.zeros((10, 200, 3), "uint8"))
    limits = {"pixels": 1500, "body": 1_000_000}
    expected = {
        "moving.gif": (415, "An image is a PNG or a JPEG."),
        "wide.png": (413, "A request has at most 1500 pixels. Received: 2000"),
        "large.png": (413, "The body of a request has at most 1000000 bytes."),
    }
    with running(shown(tmp_path / "model", **limits), **limits) as client:
        visit(tab, client)
        for name, (status, sentence) in expected.items():
            tab.choose("#file", tmp_path / name)
            tab.until(f"{text('alert')}.startsWith('{sentence}')")
            refusals(tab, status)
            assert tab.says("document.getElementById('alert').role") == "alert"
            assert tab.says("document.getElementById('results').hidden")
            assert tab.says(text("caption")) == name
            assert tab.says(text("status")) == ""
            tab.choose("#file", file)
            tab.until(f"{text('status')}.startsWith('Most likely green')")
            assert tab.says(text("alert")) == ""
    tab.says("document.getElementById('scene').click()")
    tab.until(f"{text('alert')} === 'The server cannot be reached, or broke off.'")
    tab.errors.clear()


def test_a_token_is_asked_for_and_kept_nowhere(tab, tmp_path):
    with running(shown(tmp_path), token=b"secret") as client:
        tab.open(f"http://127.0.0.1:{client.port}/")
        tab.until("document.activeElement.id === 'token'")
        assert "wants its token" in tab.says(text("alert"))
        tab.type("guess")
        tab.press("Enter")
        tab.until("document.activeElement.id === 'token' && document.activeElement.value === ''")
        refusals(tab, 401)
        tab.type("secret")
        tab.press("Enter")
        tab.until("!document.getElementById('choosers').hidden")
        assert tab.says("document.activeElement.id") == "scene"
        tab.errors.clear()  # the second 401 may be noted late
        tab.press(" ")
        tab.until(f"{text('status')}.startsWith('Most likely')")
        tab.until("[...document.querySelectorAll('#nearest img')].every(i => i.naturalWidth)")
        stored = "localStorage.length + sessionStorage.length + document.cookie.length"
        assert tab.says(stored) == 0
        assert "secret" not in tab.says("document.documentElement.outerHTML + location.href")


def test_a_model_and_a_version_are_chosen(tab, tmp_path, picture):
    def load(folder):
        less = ("reconstruct", "saliency") if folder.name == "1" else ()
        return {name: signature for name, signature in whole().items() if name not in less}

    models = shown(tmp_path / "two", load, versions=(1, 2)), toy(tmp_path / "toy")
    with running(*models) as client:
        visit(tab, client)
        assert tab.says("[...document.getElementById('model').options].map(o => o.text)") == [
            NAME,
            "toy.model",
        ]
        assert tab.says("[...document.getElementById('version').options].map(o => o.text)") == [
            "newest (2)",
            "2",
            "1",
        ]
        tab.choose("#file", picture[0])
        tab.until(f"{text('status')}.startsWith('Most likely green')")
        assert tab.says(text("lacks")) == ""
        tab.asked.clear()
        select(tab, "version", "1")
        tab.until(f"{text('lacks')} !== ''")
        lacks = "This model has no decoder of saliency maps and no decoder of images."
        assert tab.says(text("lacks")) == lacks
        assert tab.says(SHOWN) == ["serving_default", "pictures", "seen", "detector", "similar"]
        predicted = [address for address in tab.asked if ":predict" in address]
        assert predicted
        assert all("/versions/1:predict" in address for address in predicted)
        select(tab, "model", "toy.model")
        tab.until(f"{text('lacks')}.includes('no classifier')")
        assert tab.says(SHOWN) == ["pictures", "seen"]
        assert not tab.says("document.getElementById('of-versions').checkVisibility()")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 900), (768, 1024), (390, 844), (360, 640)])
def test_it_fits_every_screen(tab, tmp_path, width, height, scheme):
    tab.show(width, height, scheme)
    with running(shown(tmp_path)) as client:
        visit(tab, client)
        tab.says("document.getElementById('scene').click()")
        tab.until(f"{text('status')}.startsWith('Most likely')")
        assert tab.says("document.documentElement.scrollWidth") == width
        cut = """[...document.querySelectorAll('main *')].filter(e => e.checkVisibility() &&
            !e.closest('.hidden') && e.getBoundingClientRect().right > innerWidth).length"""
        assert tab.says(cut) == 0
        sides = "[...document.querySelectorAll('main button, .button, select')]"
        sides += ".filter(e => e.checkVisibility()).map(e => e.offsetHeight)"
        assert min(tab.says(sides)) >= 44  # as large as fingers want it
        assert tab.says("matchMedia('(prefers-color-scheme: dark)').matches") == (scheme == "dark")
        background = tab.says("getComputedStyle(document.body).backgroundColor")
        assert (max(map(int, background[4:-1].split(","))) < 60) == (scheme == "dark")


def test_screen_readers_are_told_all(tab, tmp_path):
    with running(shown(tmp_path)) as client:
        visit(tab, client)
        tab.says("document.getElementById('scene').click()")
        tab.until(f"{text('status')}.startsWith('Most likely')")
        nodes = tab.send("Accessibility.getFullAXTree")["nodes"]
    named = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"]
    ]
    wanted = {"button", "combobox", "image", "heading", "region", "columnheader", "rowheader"}
    assert {role for role, _ in named} >= wanted
    assert all(name.strip() for role, name in named if role in wanted), named
    headings = ["saliency-zoo", "Image", "Class scores", "Pictures", "Nearest sample scenes"]
    assert [name.strip() for role, name in named if role == "heading"] == headings
    levels = "[...document.querySelectorAll('h1, h2, h3')].map(h => h.tagName)"
    assert tab.says(levels) == ["H1", "H2", "H2", "H2", "H2"]
    live = "['status', 'alert'].map(id => document.getElementById(id).role)"
    assert tab.says(live) == ["status", "alert"]


def test_a_real_preset_is_shown_as_it_is_served(tab):
    model = Model(PRESET, Limits(), Metrics())
    model.refresh()
    with running(model) as client:
        visit(tab, client)
        tab.says("document.getElementById('scene').click()")
        tab.until(f"{text('status')}.startsWith('Most likely')")
        assert tab.says(SHOWN) == PARTS
        number = tab.says(text("caption")).split()[2].strip(":")
        connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=30)
        connection.request("GET", f"/page/scenes/{number}.png")
        scene = connection.getresponse().read()
        address = f"/v1/models/{PRESET}:predict"
        connection.request("POST", address, scene, {"Content-Type": "image/png"})
        (scores,) = json.load(connection.getresponse())["predictions"]
        assert tab.says(ROWS)[0][1] == f"{100 * max(scores):.1f}%"
        assert len(tab.says(ROWS)) == 10
        assert tab.says("document.querySelector('#saliency canvas').width") == 24
