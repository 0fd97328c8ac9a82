"""Processes that tests start: their settings, their database, and how to talk to them."""
