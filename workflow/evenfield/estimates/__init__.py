"""Floor 4: estimators that turn the panel into tidy estimates."""
