"""Does growth reach the neighbours? Exposure to clusters and zones."""
