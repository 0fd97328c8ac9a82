"""An app with so many models that a project has 400 permissions, for the sizes of tokens."""
