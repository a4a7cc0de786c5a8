"""Floor of estimates."""
