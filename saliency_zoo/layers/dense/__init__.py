"""Dense layers, one a file."""
