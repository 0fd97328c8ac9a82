"""What the benchmarks show is what they measured."""
