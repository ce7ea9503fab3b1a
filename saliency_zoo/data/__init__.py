"""Image sets: what they are (`image_set.py`) and the readers behind one name syntax."""

ENTRIES = {
    "folder": "saliency_zoo.data.folder:folder",
    "npz": "saliency_zoo.data.npz:npz",
    "stl10": "saliency_zoo.data.stl10:stl10",
    "synthetic": "saliency_zoo.data.synthetic:synthetic",
    "tfds": "saliency_zoo.data.tfds:tfds",
}
