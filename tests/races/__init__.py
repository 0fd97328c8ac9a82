"""Races: parallel requests from threads and processes, on each configuration of the database."""
