"""Floor 5: tables and figures, the only room that draws."""
