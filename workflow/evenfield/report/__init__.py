"""Floor 6: page, paper, captions and manifest."""
