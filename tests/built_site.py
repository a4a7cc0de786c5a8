"""The documentation as a site, built as its readers get it. Import: ``from built_site
import built``; the fixture ``site`` of conftest.py is that of the repository.
"""

import subprocess
import sys


def built(folder, into):
    """Build the site of a folder with mkdocs.yml; what is not sound stops it."""
    settings = ["-f", str(folder / "mkdocs.yml"), "-d", str(into)]
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", *settings],
        capture_output=True,
        text=True,
        check=False,
    )
