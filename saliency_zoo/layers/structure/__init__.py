"""What networks are put together from, one a file."""
