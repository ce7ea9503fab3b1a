"""What codes hold, made visible: the best linear picture of them."""

import numpy as np


def readout(
    codes: np.ndarray, targets: np.ndarray, shown: np.ndarray, penalty: float = 1e-3
) -> np.ndarray:
    """Predicts targets for `shown` codes by ridge regression on other codes and their targets.

    It needs no decoder and favours none, so that pictures of any two encoders can be compared.

    Args:
        codes: (N, D).
        targets: (N, ...), e.g. images or saliency maps.
        shown: (M, D).
        penalty: of squared weights, as a share of the mean variance of a code.

    Returns:
        (M, ...), of the targets' shape.
    """
    codes, shown = codes.astype(np.float64), shown.astype(np.float64)
    flat = targets.reshape(len(targets), -1).astype(np.float64)
    centre, mean = codes.mean(0), flat.mean(0)
    gram = (codes - centre).T @ (codes - centre)
    gram += np.eye(len(gram)) * max(penalty * np.trace(gram) / len(gram), 1e-9)
    weights = np.linalg.solve(gram, (codes - centre).T @ (flat - mean))
    return ((shown - centre) @ weights + mean).reshape(len(shown), *targets.shape[1:])
