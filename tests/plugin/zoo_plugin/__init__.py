"""A distribution of its own with one entry of each kind."""
