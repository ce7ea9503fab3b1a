"""What stands before a network, one a file."""
