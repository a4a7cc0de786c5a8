"""Floor of artifacts."""
