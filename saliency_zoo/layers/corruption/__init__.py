"""Corruptions for denoising learners, one a file."""
