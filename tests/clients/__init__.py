"""Clients that nobody here wrote, against the example project served for real."""
