"""Every objective of every phase is in one panel, and folds are drawn together."""

from types import SimpleNamespace

from saliency_zoo.pictures.curves import _mean, _panels, curves


def rows(phase, objective, means):
    return [
        {"phase": phase, "epoch": str(e), "step": "0", "objective": objective, "mean": str(m)}
        for e, m in enumerate(means, start=1)
    ]


HISTORY = [
    *rows("pretrain-stage1", "reconstruction", [3, 2]),
    *rows("pretrain-stage1", "saliency", [1, 0.5]),
    *rows("pretrain-together", "stage1/saliency", [0.4, 0.3]),
    *rows("pretrain-together", "stage2/saliency", [0.2, 0.1]),
    *rows("pretrain-joint", "saliency", [0.4]),
    *rows("finetune-pretrained-fold0", "accuracy", [0.5, 0.7]),
    *rows("finetune-pretrained-fold1", "accuracy", [0.7]),
    *rows("finetune-none-fold0", "accuracy", [0.2]),
    *rows("finetune-none-fold0", "cross_entropy", [2]),
]


def test_panels_are_phases_and_objectives_of_folds():
    panels = {panel.title: panel.lines for panel in _panels(HISTORY)}
    assert panels == {
        "pretrain-stage1": {"reconstruction": [[(1, 3), (2, 2)]], "saliency": [[(1, 1), (2, 0.5)]]},
        "pretrain-together: stage1": {"saliency": [[(1, 0.4), (2, 0.3)]]},
        "pretrain-together: stage2": {"saliency": [[(1, 0.2), (2, 0.1)]]},
        "pretrain-joint": {"saliency": [[(1, 0.4)]]},
        "finetune: accuracy": {
            "pretrained": [[(1, 0.5), (2, 0.7)], [(1, 0.7)]],
            "none": [[(1, 0.2)]],
        },
        "finetune: cross_entropy": {"none": [[(1, 2)]]},
    }


def test_all_labels_of_a_panel_find_room(recwarn):
    objectives = ("reconstruction", "sparsity", "weights", "saliency", "pooling", "auxiliary")
    history = [
        row
        for stage in ("stage1", "stage2", "stage3", "stage4")
        for objective in objectives
        for row in rows("round12-together", f"{stage}/{objective}", [1e-4, 2e-5])
    ]
    assert curves(SimpleNamespace(name="thesis_conv.mine", history=history)).shape[2] == 3
    assert not recwarn.list  # matplotlib warns where plots are left no room


def test_the_mean_is_over_the_folds_that_have_come_so_far():
    assert _mean([[(1, 0.5), (2, 0.7)], [(1, 0.75)]]) == [(1, 0.625), (2, 0.7)]
