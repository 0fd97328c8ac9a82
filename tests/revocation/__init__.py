"""How revocations reach a process."""
