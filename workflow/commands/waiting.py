"""How far a command is that takes long: the first word at once, then one line that changes
on a terminal, or a line now and then.
"""

import shutil
import sys
import time

EVERY = 0.2  # seconds between two states of the line of a terminal
EVERY_LINE = 10.0  # seconds between two lines elsewhere


class Progress:
    """Says on standard error how far the work is."""

    def __init__(self) -> None:
        self.told = float("-inf")  # when something was said last

    def __call__(self, text: str) -> None:
        """Say how far the work is, unless something was said just now."""
        clock = time.monotonic()
        on_terminal = sys.stderr.isatty()
        if clock - self.told < (EVERY if on_terminal else EVERY_LINE):
            return
        self.told = clock
        if on_terminal:
            shown = text[: shutil.get_terminal_size().columns - 1]
            print(f"\r{shown}\x1b[K", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Take the line of a terminal away."""
        if sys.stderr.isatty() and self.told > float("-inf"):
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        self.told = float("-inf")
