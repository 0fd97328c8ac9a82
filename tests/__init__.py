"""The project's own tests. Their paths mirror the package's."""
