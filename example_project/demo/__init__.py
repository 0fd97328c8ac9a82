"""What makes a demonstration of the project: the command `demo`, and the start page."""
