"""Saliency maps of images: arrays in, maps out. Names are in `ENTRIES`, the door is `detect`."""

_HERE = "saliency_zoo.saliency.detectors"

ENTRIES = {
    "geodesic": f"{_HERE}.geodesic:geodesic",
    "barrier": f"{_HERE}.barrier:barrier",
    "barrier_plus": f"{_HERE}.barrier:barrier_plus",
    "background": f"{_HERE}.background:background",
    "combined": f"{_HERE}.combined:combined",
    "spectral_residual": f"{_HERE}.spectral_residual:spectral_residual",
    "frequency_tuned": f"{_HERE}.frequency_tuned:frequency_tuned",
    "center_surround": f"{_HERE}.center_surround:center_surround",
    "network": f"{_HERE}.network:network",
    "centre": f"{_HERE}.controls:centre",
    "shuffled": f"{_HERE}.controls:shuffled",
    "noise": f"{_HERE}.controls:noise",
    "luminance": f"{_HERE}.controls:luminance",
}
