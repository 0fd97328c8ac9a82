"""A second service: no database, no secret. It trusts the first by the URL of its public keys."""
