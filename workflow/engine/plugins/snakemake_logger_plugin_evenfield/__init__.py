"""Snakemake finds its logger plugins by the names of modules; this one shows a run."""

from engine.progress import LogHandler

__all__ = ["LogHandler"]
