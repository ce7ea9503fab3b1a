"""Sparsities: what lies between codes and decoder, one a file."""
