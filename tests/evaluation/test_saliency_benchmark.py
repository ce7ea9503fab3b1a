"""The benchmark on small folders in the layouts of the published data sets."""

import io
import json
import shlex
import warnings
from pathlib import Path

import cv2
import numpy as np
import py_sod_metrics as peer
import pytest

from saliency_zoo.errors import ZooError
from saliency_zoo.evaluation.saliency_benchmark import benchmark, pictures, table
from saliency_zoo.evaluation.saliency_benchmark import intervals as averages
from saliency_zoo.evaluation.saliency_benchmark.pairs import find_pairs
from saliency_zoo.evaluation.saliency_benchmark.rows import filled
from saliency_zoo.registry import detectors
from saliency_zoo.saliency import metrics
from saliency_zoo.saliency.detect import detect
from tests.runs import command, refusal

SIZES = [(20, 30), (30, 20), (24, 24), (18, 32), (26, 20)]


def scene(number):
    """A red square on a grey gradient, and its mask."""
    height, width = SIZES[number % len(SIZES)]
    rng = np.random.default_rng(number)
    image = np.full((height, width, 3), 90, np.uint8) + rng.integers(
        0, 30, (height, width, 1), np.uint8
    )
    top, left = rng.integers(0, (height - 8, width - 8))
    mask = np.zeros((height, width), bool)
    mask[top : top + 8, left : left + 8] = True
    image[mask] = (230, 20, 20)
    return image, mask


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = pixels[..., ::-1] if pixels.ndim == 3 else pixels
    packed = cv2.imencode(path.suffix, pixels)[1]
    path.write_bytes(packed.tobytes())


def fill(folder, image_name, mask_name, count=5):
    for number in range(count):
        image, mask = scene(number)
        save(folder / image_name.format(number), image)
        save(folder / mask_name.format(number), mask * np.uint8(255))
    return folder


@pytest.fixture
def folder(tmp_path):
    return fill(tmp_path / "scenes", "images/{:04d}.png", "masks/{:04d}.png")


@pytest.fixture
def stand_ins():
    """Detectors of known quality: `redness` finds the object, `inverted` finds all but it."""

    def redness(images):
        return (images[..., 0].astype(np.float32) - images[..., 1]).clip(0) / 255

    entries = {
        "redness": redness,
        "inverted": lambda images: 1 - redness(images),
        "flat": lambda images: np.full(images.shape[:3], 0.5, np.float32),
        "blurred": lambda images: np.stack([cv2.blur(m, (9, 9)) for m in redness(images)]),
        "powered": lambda images, power=1: redness(images) ** power,
    }
    for name, detector in entries.items():
        detectors.register(name, detector)
    yield list(entries)
    for name in entries:
        detectors.unregister(name)


LAYOUTS = {
    "ecssd": ("images/{:04d}.jpg", "ground_truth_mask/{:04d}.png"),
    "own": ("images/{:04d}.png", "masks/{:04d}.png"),
    "msra10k": ("MSRA10K_Imgs_GT/Imgs/{}.jpg", "MSRA10K_Imgs_GT/Imgs/{}.png"),
    "msra_b": ("{}.jpg", "{}.png"),
    "msra_1000": ("image/{}.jpg", "binarymasks/{}.bmp"),
    "dut_omron": ("DUT-OMRON-image/DUT-OMRON-image/im{}.jpg", "pixelwiseGT-new-PNG/im{}.png"),
    "duts": ("DUTS-TE/DUTS-TE-Image/{}.jpg", "DUTS-TE/DUTS-TE-Mask/{}.png"),
    "pascal_s": ("datasets/imgs/pascal/{}.jpg", "datasets/masks/pascal/{}.png"),
    "hku_is": ("imgs/{}.png", "gt/{}.png"),
    "endings": ("{}.png", "{}_mask.png"),
    "endings_in_folders": ("Image/{}_img.jpg", "GT/{}_gt.png"),
    "unnamed_images": ("{}.jpg", "masks/{}.png"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_paired(tmp_path, layout):
    fill(tmp_path, *LAYOUTS[layout])
    pairs = find_pairs(tmp_path)
    assert len(pairs) == 5
    for number, pair in enumerate(pairs):
        image, mask = pair.read()
        np.testing.assert_array_equal(mask, scene(number)[1])
        np.testing.assert_allclose(image.mean((0, 1)), scene(number)[0].mean((0, 1)), atol=3)


def test_two_data_sets_in_one_folder_keep_their_names_apart(tmp_path):
    fill(tmp_path, "datasets/imgs/pascal/{}.jpg", "datasets/masks/pascal/{}.png", 2)
    fill(tmp_path, "datasets/imgs/ft/{}.jpg", "datasets/masks/ft/{}.png", 3)
    names = [pair.name for pair in find_pairs(tmp_path)]
    assert names == [f"datasets/ft/{i}" for i in range(3)] + [
        f"datasets/pascal/{i}" for i in range(2)
    ]


def test_what_archives_leave_behind_is_not_taken_for_a_picture(folder):
    for stray in (
        "__MACOSX/images/._0001.jpg",
        "images/.hidden.png",
        "readme.txt",
        "results/0001.png",
    ):
        path = folder / stray
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no picture")
    (folder / "images/folder.png").mkdir()
    assert len(find_pairs(folder)) == 5


def test_masks_in_shades_are_cut_at_half_and_masks_of_ones_are_taken_as_they_are(tmp_path):
    image = scene(2)[0]
    shades = np.full((24, 24), 127, np.uint8)
    shades[3:9] = 128
    save(tmp_path / "shades.jpg", image)
    save(tmp_path / "shades.png", shades)
    save(tmp_path / "ones.jpg", image)
    save(tmp_path / "ones.png", shades - 127)
    ones, cut = (pair.read()[1] for pair in find_pairs(tmp_path))
    np.testing.assert_array_equal(ones, shades == 128)
    np.testing.assert_array_equal(cut, shades == 128)


def missing_mask(folder):
    (folder / "masks/0003.png").unlink()


def other_size(folder):
    save(folder / "masks/0003.png", np.zeros((5, 7), np.uint8))


def unreadable(folder):
    (folder / "images/0003.png").write_bytes(b"\x89PNG and no more")


def empty_file(folder):
    (folder / "masks/0003.png").write_bytes(b"")


def twice(folder):
    save(folder / "images/0003.jpg", scene(3)[0])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (missing_mask, r"1 of 5 images have no mask, first 'images.0003\.png'"),
        (other_size, r"one size\. Received: .*0003\.png of \(18, 32\) and .*0003\.png of \(5, 7\)"),
        (unreadable, r"Cannot decode image .*0003\.png"),
        (empty_file, r"Cannot decode image .*0003\.png"),
        (twice, r"a name of its own.*0003\.jpg.*0003\.png"),
    ],
)
def test_a_folder_that_does_not_pair_is_refused_before_any_work(folder, tmp_path, spoil, words):
    spoil(folder)
    with pytest.raises(ZooError, match=words) as caught:
        benchmark(folder, ["geodesic"], tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_folder_without_pictures_and_no_folder_are_refused(tmp_path):
    with pytest.raises(ZooError, match=r"No images.*images/ and masks/"):
        benchmark(tmp_path, ["geodesic"])
    with pytest.raises(ZooError, match="folder of images and masks"):
        benchmark(tmp_path / "nowhere", ["geodesic"])


def test_bad_requests_are_refused(folder, tmp_path):
    with pytest.raises(ZooError, match=r"Did you mean 'geodesic'"):
        benchmark(folder, ["geodesc"])
    with pytest.raises(ZooError, match="At least one detector"):
        benchmark(folder, [])
    with pytest.raises(ZooError, match=r"resamples is .* Received: 0"):
        benchmark(folder, ["geodesic"], resamples=0)
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ZooError, match="into a folder"):
        benchmark(folder, ["geodesic"], tmp_path / "taken")


def test_rows_are_the_averages_of_the_metrics(folder, stand_ins):
    rows = benchmark(folder, ["redness", "inverted", "flat"], seed=3, resamples=50)
    assert [row["detector"] for row in rows] == ["redness", "inverted", "flat"]
    good, bad, flat = (row["metrics"] for row in rows)
    for name in ("max_f", "s_measure", "auc_judd", "cc", "weighted_f"):
        assert good[name]["value"] == pytest.approx(1, abs=1e-5)
        assert bad[name]["value"] < 0.5
    assert (flat["auc_judd"]["value"], flat["nss"]["value"]) == (0.5, 0)
    each = [metrics.measure(filled(1.0 - scene(i)[1]), scene(i)[1], seed=3) for i in range(5)]
    for name in set(metrics.METRICS) - {"max_f", "max_e"}:
        assert bad[name]["value"] == pytest.approx(np.mean([m[name] for m in each]), abs=1e-5)
    assert all(v["low"] <= v["value"] <= v["high"] for v in good.values())
    assert all(v["value"] > 0 for v in (good["ms"], bad["ms"]))


def test_dataset_f_is_the_best_threshold_of_the_averaged_curve():
    rng = np.random.default_rng(0)
    pairs = [(rng.random((9, 9)), rng.random((9, 9)) < 0.4) for _ in range(6)]
    lines = [metrics.curves(*pair) for pair in pairs]
    lines = {name: np.stack([line[name] for line in lines]) for name in lines[0]}
    scores = {name: np.array([one(*p) for p in pairs]) for name, one in metrics.METRICS.items()}
    found = averages.intervals(scores, lines, seed=0, resamples=20)
    f = lines["f"].mean(axis=0).max()
    pooled = metrics.f_score(lines["precision"].mean(axis=0), lines["recall"].mean(axis=0)).max()
    assert found["max_f"]["value"] == pytest.approx(f, abs=1e-6)
    assert found["pooled_f"]["value"] == pytest.approx(pooled, abs=1e-6)
    assert found["max_f"]["value"] < scores["max_f"].mean()


def test_a_data_set_scores_what_the_published_toolbox_gives_it(folder, stand_ins):
    found = benchmark(folder, ["blurred"], resamples=5)[0]["metrics"]
    kinds = (peer.MAE, peer.Fmeasure, peer.WeightedFmeasure, peer.Smeasure, peer.Emeasure)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # one of them announces its successor
        evaluators = [kind() for kind in kinds]
    for pair in find_pairs(folder):
        image, mask = pair.read()
        for evaluator in evaluators:
            evaluator.step(filled(detect("blurred", image)), mask, normalize=False)
    mae, f, weighted, s, e = (evaluator.get_results() for evaluator in evaluators)
    expected = {
        **{"mae": mae["mae"], "weighted_f": weighted["wfm"], "s_measure": s["sm"]},
        **{"max_f": f["fm"]["curve"].max(), "adaptive_f": f["fm"]["adp"]},
        **{"max_e": e["em"]["curve"].max(), "mean_e": e["em"]["curve"].mean()},
        "adaptive_e": e["em"]["adp"],
    }
    assert {n: found[n]["value"] for n in expected} == pytest.approx(expected, abs=2e-6)
    assert 0.3 < found["max_f"]["value"] < 0.95  # neither trivial


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng, inside = np.random.default_rng(0), 0
    lines = {name: np.zeros((60, 2)) for name in ("f", "e", "precision", "recall")}
    for trial in range(200):
        scores = {"mae": rng.normal(0.3, 0.1, 60)}
        found = averages.intervals(scores, lines, seed=trial, resamples=400)["mae"]
        inside += found["low"] <= 0.3 <= found["high"]
    assert 180 <= inside <= 198  # 95 % of 200, within three standard deviations


def test_undefined_images_are_left_out_and_counted(folder, stand_ins):
    save(folder / "masks/0000.png", np.zeros(SIZES[0], np.uint8))
    row = benchmark(folder, ["redness"], resamples=20)[0]
    assert (row["metrics"]["auc_judd"]["images"], row["metrics"]["mae"]["images"]) == (4, 5)
    assert row["metrics"]["auc_judd"]["value"] == 1
    assert "0000" not in {case["image"] for case in row["best"] + row["worst"]}


def test_a_metric_that_no_image_defines_is_none_and_said_so(tmp_path, stand_ins):
    save(tmp_path / "a.jpg", scene(0)[0])
    save(tmp_path / "a.png", np.zeros(SIZES[0], np.uint8))
    rows = benchmark(tmp_path, ["redness"], tmp_path / "out", resamples=20)
    nothing = {"value": None, "low": None, "high": None, "images": 0}
    assert rows[0]["metrics"]["nss"] == nothing
    assert "undefined" in table(rows)
    assert json.loads((tmp_path / "out/benchmark.json").read_text())["rows"] == rows


def test_what_is_written_says_how_to_get_it_again(folder, stand_ins, tmp_path):
    wanted = ["redness", {"name": "powered", "power": 3}]
    rows = benchmark(folder, wanted, tmp_path / "deep/out", seed=7, resamples=30, note="Squares.")
    written = json.loads((tmp_path / "deep/out/benchmark.json").read_text())
    assert written.pop("rows") == rows
    assert shlex.split(written["command"]) == [
        *("saliency-zoo", "benchmark", "scenes", "--detectors", "redness"),
        *('{"name": "powered", "power": 3}', "--seed", "7", "--resamples", "30"),
    ]
    assert (written["images"], written["seed"], written["resamples"]) == (5, 7, 30)
    assert str(tmp_path) not in json.dumps(written)
    assert [row["detector"] for row in rows] == ["redness", "powered (power=3)"]
    names = ["benchmark.json", "benchmark.md", "contact_sheet.png", "precision_recall.png"]
    assert sorted(p.name for p in (tmp_path / "deep/out").iterdir()) == names
    text = (tmp_path / "deep/out/benchmark.md").read_text()
    assert written["command"] in text
    assert "\nSquares.\n" in text
    assert table(rows) in text


def test_a_write_that_fails_leaves_the_old_file_and_no_other(
    folder, stand_ins, tmp_path, monkeypatch
):
    benchmark(folder, ["redness"], tmp_path / "out", resamples=5)
    before = (tmp_path / "out/benchmark.json").read_bytes()

    def full(self, content):
        with self.open("wb") as file:
            file.write(content[:10])
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ZooError, match="No space"):
        benchmark(folder, ["inverted"], tmp_path / "out", resamples=5)
    assert (tmp_path / "out/benchmark.json").read_bytes() == before
    assert len(list((tmp_path / "out").iterdir())) == 4


def test_the_table_in_the_docs_is_the_one_of_the_numbers_beside_it():
    results = Path(__file__).parents[2] / "docs/results"
    report = json.loads((results / "saliency_ecssd.json").read_text())
    rows = report.pop("rows")
    assert (results / "saliency_ecssd.md").read_text() == table(rows, report)
    assert {"geodesic", "barrier_plus", "centre"} <= {row["detector"] for row in rows}
    assert report["images"] == 500


def test_the_same_seed_gives_the_same_numbers(folder, stand_ins):
    def numbers(seed):
        row = benchmark(folder, ["powered"], seed=seed, resamples=40)[0]
        return {name: value for name, value in row["metrics"].items() if name != "ms"}

    assert numbers(1) == numbers(1)
    assert numbers(1) != numbers(2)


def test_progress_is_told_on_standard_error(folder, stand_ins, capsys):
    benchmark(folder, ["redness", "flat"], resamples=5)
    said = capsys.readouterr()
    assert said.out == ""
    assert [line.split(",")[0] for line in said.err.splitlines()] == ["redness: 5/5", "flat: 5/5"]


def test_a_wrong_option_of_the_last_detector_is_said_before_the_first_one_runs(
    folder, stand_ins, capsys
):
    with pytest.raises(ZooError, match="Did you mean 'power'"):
        benchmark(folder, ["redness", {"name": "powered", "powr": 3}])
    assert capsys.readouterr().err == ""


def test_times_in_units_of_one_detector(folder, stand_ins, tmp_path):
    rows = benchmark(folder, ["redness", "flat"], tmp_path, resamples=5, time_unit="redness")
    unit, other = (row["metrics"]["time"] for row in rows)
    assert unit["value"] == 1
    assert 0 < other["low"] <= other["high"]
    assert all("ms" not in row["metrics"] for row in rows)
    text = (tmp_path / "benchmark.md").read_text()
    assert "Its unit is the mean time of redness." in text
    assert "--time-unit redness" in text
    assert "ms/image" not in text
    with pytest.raises(ZooError, match="Did you mean 'redness'"):
        benchmark(folder, ["redness", "flat"], time_unit="rednes")


def test_the_shuffled_control_shows_the_map_of_another_image(tmp_path, stand_ins):
    fill(tmp_path, "{}.jpg", "{}.png", 4)
    seen = []

    def watched(images):
        seen.append(images)
        return images[..., 0] / np.float32(255)

    detectors.register("watched", watched)
    try:
        benchmark(tmp_path, [{"name": "shuffled", "of": "watched"}], resamples=5)
    finally:
        detectors.unregister("watched")
    for place, images in enumerate(seen[1:]):  # the first call is the one that is not timed
        image, other = scene(place)[0], scene((place + 2) % 4)[0]
        assert images.shape == (2, *image.shape)
        np.testing.assert_allclose(images[0].mean((0, 1)), image.mean((0, 1)), atol=3)
        np.testing.assert_allclose(images[1].mean((0, 1)), other.mean((0, 1)), atol=6)
    assert len(seen) == 5


def test_the_table_ranks_by_f_and_marks_the_best(folder, stand_ins):
    text = table(benchmark(folder, ["inverted", "redness"], resamples=20))
    first, second = (line.split("|") for line in text.splitlines()[4:6])
    assert (first[1].strip(), second[1].strip()) == ("redness", "inverted")
    assert first[2].strip().startswith("**1.000**")
    assert "**" not in second[2]
    titles = [title.strip() for title in text.splitlines()[2].split("|")]
    assert first[titles.index("MAE ↓")].strip().startswith("**0.000**")


def decoded(png):
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def test_the_contact_sheet_shows_photograph_outline_and_map(folder, stand_ins):
    rows = benchmark(folder, ["redness", "flat"], resamples=5)
    asked = []

    def look(row, name):
        asked.append((row["detector"], name))
        image, mask = scene(int(name))
        return image, mask, mask.astype(np.float32)

    sheet = pictures.contact_sheet(rows, look)
    assert asked == [
        (row["detector"], case["image"]) for row in rows for case in row["best"] + row["worst"]
    ]
    assert (sheet == pictures.OUTLINE).all(axis=-1).sum() > 100 * len(asked)
    assert (sheet == (0, 0, 0)).all(axis=-1).sum() > 1000 * len(asked)


def test_the_curve_of_a_perfect_detector_reaches_the_corner(folder, stand_ins):
    rows = benchmark(folder, ["redness", "inverted"], resamples=5)
    assert 1.0 in rows[0]["curve"]["precision"]
    assert rows[0]["curve"]["recall"][-1] == 1
    plot = decoded(pictures.precision_recall_plot(rows, "scenes"))
    for colour in pictures.COLOURS[:2]:
        wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        assert (np.abs(plot.astype(int) - wanted).max(axis=-1) < 3).sum() > 50


def test_pictures_are_the_same_bytes_for_the_same_rows(folder, stand_ins):
    rows = benchmark(folder, ["redness"], resamples=5)
    one, other = (pictures.precision_recall_plot(rows, "scenes") for _ in range(2))
    assert one == other
    assert io.BytesIO(one).read(4) == b"\x89PNG"


def test_a_map_fills_the_range_and_leaves_a_constant():
    values = np.random.default_rng(0).random((4, 4)) * 0.5 + 0.2
    assert (filled(values).min(), filled(values).max()) == (0, 1)
    np.testing.assert_array_equal(filled(np.full((2, 2), 0.3)), np.full((2, 2), 0.3))


def test_the_command(folder, stand_ins, tmp_path):
    wanted = ["redness", '{"name": "powered", "power": 3}']
    words = ["benchmark", folder, "--detectors", *wanted, "--resamples", 9, "--seed", 2]
    said = command(*words, "--out", tmp_path / "out")
    assert said.code == 0
    assert "| powered (power=3) |" in said.out
    assert "redness: 5/5" in said.err
    written = json.loads((tmp_path / "out/benchmark.json").read_text())
    assert (written["seed"], written["resamples"]) == (2, 9)
    rows = json.loads(command(*words, "--json").out)
    assert [row["detector"] for row in rows] == ["redness", "powered (power=3)"]
    assert rows[0]["metrics"]["auc_borji"] == written["rows"][0]["metrics"]["auc_borji"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["geodesc"], "Did you mean 'geodesic'"),
        (['{"name": "geodesic"'], "A detector with options is JSON"),
        (['{"name": "geodesic", "pach": 2}'], "Did you mean 'patch'"),
        (["centre", "--resamples", 0], "resamples is a whole number of at least 1. Received: 0"),
        (["centre", "--seed", -1], "seed is a whole number of at least 0. Received: -1"),
    ],
    ids=str,
)
def test_what_the_command_refuses(folder, words, sentence):
    assert sentence in refusal("benchmark", folder, "--detectors", *words)
