"""Measures this package beside its published peers, and how it grows; see docs/benchmarks.md.

`python -m benchmarks` makes an environment of its own under `.bench/`, installs the peers there,
starts a process for each, and writes `benchmarks/results/` and the pages made from it.
"""
