"""Hundreds of clients at four processes and a Node verifier, while keys are rotated and revoked.

The tests here take a minute; `python -m tests.key_rotation.load --minutes 5` takes longer, and
writes the figures of docs/key-rotation.md.
"""
