"""What is written down of epochs: all of them, in order, and not at every one that is short."""

import pytest

from saliency_zoo.training import logs

EPOCHS = [{"epoch": n, "step": 10 * n, "loss": 1 / n} for n in (1, 2, 3)]


@pytest.fixture
def times(monkeypatch):
    """What the clock says, as a list of one number."""
    now = [0.0]
    monkeypatch.setattr(logs.time, "monotonic", lambda: now[0])
    return now


def epochs_of(table, phase):
    return [int(row["epoch"]) for row in logs.read(table) if row["phase"] == phase]


def test_short_epochs_are_written_together(tmp_path, times):
    table = tmp_path / "history.csv"
    log = logs.Log(table, tmp_path / "events", "one")
    log(EPOCHS[:1])
    log(EPOCHS[:2])
    assert epochs_of(table, "one") == [1]
    times[0] += 1.0
    log(EPOCHS)
    assert epochs_of(table, "one") == [1, 2, 3]
    assert logs.read(table)[1] == {
        "phase": "one",
        "epoch": "2",
        "step": "20",
        "objective": "loss",
        "mean": "0.5",
    }


def test_a_phase_that_is_finished_stays_where_it_is(tmp_path, times):
    table = tmp_path / "history.csv"
    for phase in ("one", "two"):
        log = logs.Log(table, tmp_path / "events", phase)
        log(EPOCHS[:1])
        log.finish(EPOCHS)
    before = table.read_text(), table.stat().st_mtime_ns
    for phase in ("one", "two"):  # as a run that goes on does with phases that it has finished
        logs.Log(table, tmp_path / "events", phase).finish(EPOCHS)
    assert (table.read_text(), table.stat().st_mtime_ns) == before
    assert [row["phase"] for row in logs.read(table)] == ["one"] * 3 + ["two"] * 3


def test_events_are_those_of_all_epochs(tmp_path, times):
    tensorflow = pytest.importorskip("tensorflow")
    if logs.keras.backend.backend() != "tensorflow":
        pytest.skip("TensorFlow writes them")
    log = logs.Log(tmp_path / "history.csv", tmp_path, "one")
    for count in (1, 2, 3):
        log(EPOCHS[:count])
    log.finish(EPOCHS)
    (file,) = (tmp_path / "one").iterdir()
    events = tensorflow.compat.v1.train.summary_iterator(str(file))
    assert [event.step for event in events if event.summary.value] == [10, 20, 30]
