"""Transactions of the caller's, of other callers', and on other databases."""
