"""What a token is. Plain Python: no Django, no settings, no clock (``now`` is an argument)."""
