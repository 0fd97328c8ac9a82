"""One command a file, named verb first."""
