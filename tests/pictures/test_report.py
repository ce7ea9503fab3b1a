"""The pictures that every run leaves."""

from types import SimpleNamespace

from saliency_zoo.experiment import GOLDEN_SEED
from saliency_zoo.pictures.report import FILTERS, PREVIEW, draw
from saliency_zoo.pictures.subject import Subject
from tests.runs import finished_run, preset  # noqa: F401


def test_none_of_the_images_of_a_run_is_on_its_pictures(preset, tmp_path):  # noqa: F811
    """They are drawn again, to the byte, by what has no images."""
    subject = Subject(preset)
    channels = subject.card["model"]["network"]["channels"]
    recipe, folder = subject.recipe, tmp_path / "again"
    about = {"channels": channels, "detector": recipe.saliency}
    inputs = SimpleNamespace(scaling=subject.scaled, **about)
    stranger = SimpleNamespace(recipe=recipe, folder=folder, inputs=inputs)
    stranger.folder.mkdir()
    draw(stranger, subject.encoder, GOLDEN_SEED)
    for name in (PREVIEW, FILTERS):
        assert (stranger.folder / name).read_bytes() == (preset / name).read_bytes()
