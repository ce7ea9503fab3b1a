"""Tables of results: a file names rows, one command runs them all and writes the table."""
