"""What is measured, inside the process of one peer; see ``benchmarks/worker.py``.

Each public function takes the peer's ``Clients`` and returns what JSON can say.
"""
