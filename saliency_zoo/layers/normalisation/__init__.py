"""Normalisations of codes, one a file."""
