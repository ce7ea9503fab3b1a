"""A preset's codes on a data set, probed, scored without labels and fine-tuned."""

import json

import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

import saliency_zoo as zoo
from saliency_zoo import presets
from saliency_zoo.data.image_set import load
from saliency_zoo.evaluation import frozen, probes
from saliency_zoo.evaluation.apply import _places
from saliency_zoo.evaluation.crops import vote
from saliency_zoo.evaluation.frozen import codes
from saliency_zoo.evaluation.scores import accuracy, outputs
from tests.runs import RECIPE, command, preset, refusal  # noqa: F401

OPTIONS = {"train": 60, "test": 30, "unlabelled": 0, "seed": 5}
WORDS = [f"{k}={v}" for k, v in OPTIONS.items()]


def test_codes_are_the_features_of_the_stage(preset):  # noqa: F811
    model, images = zoo.load(preset), load("synthetic", size=12, **OPTIONS).split("test").images
    for stage in ("stage1", "code"):
        expected = keras.ops.convert_to_numpy(zoo.features(model, [stage])(images))
        found = codes(model, images, stage)
        np.testing.assert_allclose(found, expected.reshape(30, -1), atol=1e-6)
    joined = codes(model, images, "code", pixels=True)
    assert joined.shape == (30, found.shape[1] + 8 * 8 * 3)
    np.testing.assert_allclose(joined[:, : found.shape[1]], found, atol=1e-6)


@pytest.mark.parametrize("pixels", [False, True])
def test_a_probe_of_a_preset_is_scikit_learns_on_its_codes(preset, pixels):  # noqa: F811
    model, data = zoo.load(preset), load("synthetic", size=12, **OPTIONS)
    train, test = (codes(model, data.split(k).images, "stage2", pixels) for k in ("train", "test"))
    scaler = StandardScaler().fit(train)
    plain = LogisticRegression(max_iter=1000).fit(
        scaler.transform(train), data.split("train").labels
    )
    expected = plain.score(scaler.transform(test), data.split("test").labels)
    words = ["--protocol", "linear", "--stage", "stage2", *["--pixels"] * pixels, *WORDS]
    said = command("evaluate", preset, "--data", "synthetic", *words, "--json")
    row = json.loads(said.out)
    assert row["accuracy"] == pytest.approx(expected)
    assert (row["protocol"], row["stage"], row["pixels"], row["images"]) == (
        "linear", "stage2", pixels, 30)  # fmt: skip


def test_a_probe_follows_a_protocol_fold_by_fold(preset):  # noqa: F811
    options = {**OPTIONS, "folds": 3, "fold_size": 20}
    data, model = load("synthetic", size=12, **options), zoo.load(preset)
    train, test = (data.split(key) for key in ("train", "test"))
    known, new = (codes(model, split.images) for split in (train, test))
    accuracies = []
    for fold in data.folds:
        scaler = StandardScaler().fit(known[fold])
        plain = LogisticRegression(max_iter=1000)
        plain.fit(scaler.transform(known[fold]), train.labels[fold])
        accuracies.append(plain.score(scaler.transform(new), test.labels))
    row = zoo.evaluate(preset, "synthetic", "linear", on="folds", **options)
    assert row["accuracy"] == pytest.approx(np.mean(accuracies))
    assert row["sd"] == pytest.approx(np.std(accuracies, ddof=1))
    assert (row["n"], row["on"]) == (3, "folds")
    words = ["--protocol", "knn", *WORDS, "on=few_labels", "labels_per_class=1"]
    said = command("evaluate", preset, "--data", "synthetic", *words)
    assert "in 10 runs on 30 test images of synthetic" in said.out, said.err


@pytest.mark.parametrize("kind", ["linear", "svm", "knn"])
def test_a_probe_adds_up_the_scores_of_ten_crops(preset, kind):  # noqa: F811
    data = load("synthetic", size=12, **OPTIONS)
    train, test = (data.split(key) for key in ("train", "test"))
    network = zoo.load(preset, preprocess=False)
    described = presets.card(preset)["model"]["preprocessing"]
    scale = presets.scaling(preset, described)

    def code(images):
        return keras.ops.convert_to_numpy(network(scale(images)))

    fitted = probes.fit(kind, code(train.images[:, 2:10, 2:10]), train.labels)
    scores = 0.0
    for top, left in ((0, 0), (0, 4), (4, 0), (4, 4), (2, 2)):
        for view in (test.images, test.images[:, :, ::-1]):
            found = code(view[:, top : top + 8, left : left + 8])
            scores += (
                fitted.decision_function(found) if kind == "svm" else fitted.predict_proba(found)
            )
    expected = np.mean(fitted.classes_[scores.round(9).argmax(1)] == test.labels)
    row = zoo.evaluate(preset, "synthetic", kind, crops="ten", **OPTIONS)
    assert row["accuracy"] == pytest.approx(expected)
    assert row["crops"] == "ten"


def test_a_presets_classifier_votes_on_ten_crops(preset):  # noqa: F811
    test = load("synthetic", size=12, **OPTIONS).split("test")
    described = presets.card(preset)["model"]["preprocessing"]
    classifier = zoo.load(preset, head="classifier", preprocess=False)
    shares = vote(classifier, test.images, presets.scaling(preset, described), 8, "ten")
    words = ["--data", "synthetic", *WORDS, "--json"]
    row = json.loads(command("evaluate", preset, *words, "crops=ten").out)
    assert row["accuracy"] == pytest.approx(accuracy(shares, test.labels))
    assert row["crops"] == "ten"
    whole = outputs(zoo.load(preset, head="classifier"), test.images)
    centre = json.loads(command("evaluate", preset, *words).out)
    assert centre["accuracy"] == pytest.approx(accuracy(whole, test.labels))
    assert centre["crops"] == "centre"


def test_the_classes_of_a_classifier_by_name(preset, tmp_path):  # noqa: F811
    data = load("synthetic", size=12, **OPTIONS)
    test, names = data.split("test"), list(data.class_names)

    def score(labels, **more):
        np.savez(tmp_path / "set.npz", x_test=test.images, y_test=labels, **more)
        return zoo.evaluate(preset, f"npz:{tmp_path / 'set.npz'}")["accuracy"]

    expected = zoo.evaluate(preset, "synthetic", **OPTIONS)["accuracy"]
    assert score(test.labels) == expected  # as numbers
    assert score(9 - test.labels, class_names=names[::-1]) == expected
    with pytest.raises(zoo.ZooError, match=r"knows the classes disc, .*Received: a, b, c"):
        score(test.labels, class_names=list("abcdefghij"))


def test_numbers_that_are_names_are_names():
    """As the folders 0 to 11 are sorted: a set without names has them in their order."""
    numbers = [str(n) for n in range(12)]
    names = sorted(numbers)
    assert [numbers.index(n) for n in names] == _places(names, numbers).tolist()
    assert [names.index(n) for n in numbers] == _places(numbers, names).tolist()


def test_a_run_is_scored_again_as_it_was(tmp_path):
    """Photographs of another size than the network's, and not square."""
    rng, labels = np.random.default_rng(0), np.arange(60) % 3
    sets = {"x": (20, 14, 12), "x_train": (60, 13, 18), "x_test": (60, 19, 15)}
    sets = {k: rng.integers(0, 256, (*shape, 3), "uint8") for k, shape in sets.items()}
    np.savez(tmp_path / "set.npz", y_train=labels, y_test=labels, **sets)
    (tmp_path / "tiny.toml").write_text(RECIPE)
    words = ["data.name=npz:set.npz", "data.options={}", "evaluate.protocol=full"]
    words += ["finetune.epochs=5", "finetune.without_pretraining=false"]
    said = command("train", tmp_path / "tiny.toml", "--out", tmp_path / "run", *words)
    assert said.code == 0, said.err
    expected = json.loads((tmp_path / "run" / presets.RESULTS).read_text())["runs"][0]["accuracy"]
    found = zoo.evaluate(tmp_path / "run", f"npz:{tmp_path / 'set.npz'}")
    assert found["accuracy"] == pytest.approx(expected)


@pytest.mark.parametrize("protocol", ["svm", "knn"])
def test_the_other_probes_say_an_accuracy(preset, protocol):  # noqa: F811
    said = command("evaluate", preset, "--data", "synthetic", "--protocol", protocol, *WORDS)
    assert said.code == 0
    assert said.out.startswith("accuracy ")
    assert "on 30 test images of synthetic" in said.out


def test_scores_without_labels(preset, monkeypatch):  # noqa: F811
    row = zoo.evaluate(preset, "synthetic", "label_free", **OPTIONS)
    assert row["images"] == 30
    assert 0 < row["effective_rank"] <= row["units"]
    assert 0 <= row["dead_units"] <= 1
    assert 0 <= row["alignment"] <= 4
    assert row["uniformity"] <= 0
    assert row["reconstruction"] > 0
    assert 0 <= row["saliency_auc"] <= 1
    monkeypatch.setattr(frozen, "_BATCH", 7)  # and not all at once
    again = zoo.evaluate(preset, "synthetic", "label_free", **OPTIONS)
    assert again == pytest.approx(row)
    said = command("evaluate", preset, "--data", "synthetic", "--protocol", "label_free", *WORDS)
    assert "effective_rank" in said.out


@pytest.mark.parametrize(("protocol", "labels"), [("finetune", 60), ("folds", 10)])
def test_fine_tuning_on_other_images(preset, protocol, labels):  # noqa: F811
    options = {**OPTIONS, "folds": 2, "fold_size": 10}
    row = zoo.evaluate(preset, "synthetic", protocol, **options)
    assert {run["labels"] for run in row["runs"]} == {labels}
    assert row["accuracy"]["pretrained"]["n"] == (1 if protocol == "finetune" else 2)
    assert 0 <= row["accuracy"]["pretrained"]["mean"] <= 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--protocol", "liner"], "Did you mean 'linear'?"),
        (["--protocol", "linear", "--stage", "stag1"], "Did you mean 'stage1'?"),
        (["--stage", "stage1"], "Received: stage='stage1' of 'classifier'"),
        (["--pixels"], "Received: pixels=True of 'classifier'"),
        (["--protocol", "few_labels"], "needs evaluate.labels_per_class"),
        (["--protocol", "linear", "train=0"], "split"),
        (["--protocol", "linear", "on=fold"], "Did you mean 'folds'?"),
        (["--protocol", "linear", "on=folds", "folds=0"], "defines no folds"),
        (["--protocol", "folds", "on=full", "folds=0"], "defines no folds"),
        (["--protocol", "folds", "on=few_labels"], "Received: on='few_labels' of 'folds'"),
        (["on=folds"], "Received: on='folds' of 'classifier'"),
        (["crops=tne"], "Did you mean 'ten'?"),
        (["--protocol", "label_free", "crops=ten"], "Received: crops='ten' of 'label_free'"),
        (["--protocol", "finetune", "test=0"], "Fine-tuning needs images in train and test"),
        (["labels_per_class=2"], "Received: labels_per_class=2 of 'classifier'"),
        (["--protocol", "linear", "labels_per_class=2"], "option of protocol 'full'"),
    ],
)
def test_what_cannot_be_evaluated(preset, words, sentence):  # noqa: F811
    assert sentence in refusal("evaluate", preset, "--data", "synthetic", *WORDS, *words)
