"""What operators do to a site that serves: new secrets, restored backups, processes that differ."""
