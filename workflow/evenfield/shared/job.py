"""The door of every script: log first, then work, and one place where an error becomes one line."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evenfield.study.errors import EvenfieldError

PREFIX = "evenfield: "
ONLY_TRACKED = ("library", "tracked")


def enter(job: Any, main: Callable[..., None]) -> None:
    """Run ``main`` with the job's named inputs, outputs and parameters."""
    log = Path(job.log[0])
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("", encoding="utf-8")
    named = {**dict(job.input.items()), **dict(job.output.items()), **dict(job.params.items())}
    for name in ONLY_TRACKED:
        named.pop(name, None)
    try:
        main(**named)
    except EvenfieldError as error:
        log.write_text(f"{error}\n", encoding="utf-8")
        sys.exit(f"{PREFIX}{error}")
    except Exception as error:
        log.write_text(traceback.format_exc(), encoding="utf-8")
        sys.exit(f"{PREFIX}{job.rule}: {_internal_line(error)}; this is a fault of evenfield; please report {log}")


def _internal_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__} {text[:200]}".strip()
