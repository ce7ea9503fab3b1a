"""Poolings, one a file."""
