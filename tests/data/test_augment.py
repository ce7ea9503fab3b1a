"""Augmentations in the pipeline and in recipes: stateless in (seed, epoch, index)."""

import numpy as np
import pytest

from saliency_zoo import ZooError, cards
from saliency_zoo.data.pipeline import Batches
from saliency_zoo.data.scaling import Scaling
from saliency_zoo.registry import layers
from tests.runs import RECIPE, command, refusal

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (40, 8, 8, 3), np.uint8)
MAPS = RNG.random((40, 8, 8)).astype(np.float32)
PLAIN = Scaling((0.0,) * 3, (1.0,) * 3)


def batches(*names, **options):
    augment = [layers.create(f"augmentation.{name}") for name in names]
    return Batches(IMAGES, PLAIN, 8, 3, saliency=MAPS, augment=augment, **options)


@pytest.mark.parametrize("name", ["colour", "hide_patches", "other_background", "salient_crop"])
def test_the_same_place_gives_the_same_batch_in_any_order(name):
    places = [(0, 1), (1, 0), (2, 4), (0, 0)]
    forwards, backwards = batches(name), batches(name)
    first = {place: forwards.batch(*place) for place in places}
    for place in reversed(places):
        again = backwards.batch(*place)
        assert np.array_equal(first[place]["image"], again["image"])
        assert np.array_equal(first[place]["saliency"], again["saliency"])
    plain = batches().batch(0, 1)["image"]
    assert not np.array_equal(first[0, 1]["image"], plain)


def test_an_image_is_changed_alike_in_batches_of_any_size():
    small, large = batches("hide_patches"), batches("hide_patches")
    large.batch_size = 16
    joined = np.concatenate([small.batch(0, step)["image"] for step in (0, 1)])
    np.testing.assert_allclose(large.batch(0, 0)["image"], joined, atol=1e-6)


@pytest.mark.parametrize("workers", [2, 8])
def test_workers_see_what_lies_beside_their_share(workers):
    names = ("other_background", "hide_patches", "other_background", "salient_crop")
    whole = batches(*names).batch(1, 2)
    shares = [batches(*names, shard=(n, workers)).batch(1, 2) for n in range(workers)]
    for key in ("image", "saliency"):
        assert np.array_equal(np.concatenate([share[key] for share in shares]), whole[key])


def test_augmentations_follow_each_other():
    batch = batches("other_background", "hide_patches", "salient_crop").batch(0, 0)
    assert batch["image"].shape == (8, 4, 4, 3)
    assert batch["saliency"].shape == (8, 4, 4, 1)
    assert batch["image"].dtype == np.float32


def test_a_second_view_has_draws_of_its_own():
    names = ("colour", "other_background")
    one, two = batches(*names), batches(*names, views=2)
    plain, both = one.batch(1, 2), two.batch(1, 2)
    assert set(both) == {*plain, "view"}
    assert all(np.array_equal(both[key], plain[key]) for key in plain)
    assert both["view"].shape == both["image"].shape
    changed = np.any(both["view"] != both["image"], axis=(1, 2, 3))
    assert changed.all()
    shares = [batches(*names, views=2, shard=(n, 2)).batch(1, 2)["view"] for n in range(2)]
    assert np.array_equal(np.concatenate(shares), both["view"])
    shifted = [batches(views=2, padding=2).batch(0, 0)[key] for key in ("image", "view")]
    assert not np.array_equal(*shifted)


def test_without_maps_they_are_refused():
    with pytest.raises(ZooError, match=r"look at saliency maps\. Received: none"):
        Batches(IMAGES, PLAIN, 8, 3, augment=[layers.create("augmentation.hide_patches")])


def test_a_recipe_with_augmentations_runs(tmp_path):
    (tmp_path / "tiny.toml").write_text(RECIPE.partition("[finetune]")[0])
    words = ['train.augment=["salient_crop", {name = "hide_patches", share = 0.25}]']
    said = command("train", tmp_path / "tiny.toml", "--out", tmp_path / "run", *words)
    assert said.code == 0, said.err
    assert (tmp_path / "run" / cards.CARD).exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (['train.augment=["hide_patchs"]'], "hide_patches"),
        (['train.augment=[{name = "hide_patches", shar = 1}]'], "Did you mean 'share'?"),
        (['train.augment=[{name = "hide_patches", patch = 3}]'], "Received: patch=3"),
        (["train.augment=hide_patches"], "train.augment is a list"),
        (["train.augment=[1]"], "Received: 1"),
    ],
)
def test_augmentations_that_cannot_be(tmp_path, words, sentence):
    (tmp_path / "tiny.toml").write_text(RECIPE)
    said = refusal("train", tmp_path / "tiny.toml", "--out", tmp_path / "run", *words)
    assert sentence in said
