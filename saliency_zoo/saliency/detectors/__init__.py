"""Detectors, one a file, and the controls together: images in, maps on their working grid out."""
