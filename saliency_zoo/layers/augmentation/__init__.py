"""Augmentations of images with their saliency maps, one a file."""
