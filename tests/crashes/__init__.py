"""Machines that die, workers and databases in mid-refresh; and answers that are lost."""
