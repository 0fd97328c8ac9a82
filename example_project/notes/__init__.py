"""A small API: notes that belong to their writer."""
