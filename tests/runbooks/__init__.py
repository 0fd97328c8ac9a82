"""docs/operations.md tried step by step: its blocks are run as they stand beside live processes."""
