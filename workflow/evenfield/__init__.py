"""evenfield: does growth spread? A reproducible pipeline for regional panels."""
