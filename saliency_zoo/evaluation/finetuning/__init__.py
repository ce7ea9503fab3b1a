"""Classifiers that begin with an encoder: taught, scored, and tried before anything is trained."""
