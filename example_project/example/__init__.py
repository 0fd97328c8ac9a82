"""The project: its settings, its URLs and what a server starts."""
