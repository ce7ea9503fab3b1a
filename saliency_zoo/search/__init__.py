"""Searches: many trials of one recipe with values of its space, divided over processes."""
