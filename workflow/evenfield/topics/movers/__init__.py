"""Who rose and who fell against the average of all units."""
