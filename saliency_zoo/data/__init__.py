"""Image sets: what they are (`image_set.py`) and the readers behind one name syntax."""

ENTRIES = {
    "folder": "saliency_zoo.data.folder:folder",
    "npz": "saliency_zoo.data.npz:npz",
    "synthetic": "saliency_zoo.data.synthetic:synthetic",
}
