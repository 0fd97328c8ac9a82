"""Empties the tables after each test that commits."""
