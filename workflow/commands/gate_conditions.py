"""What the gate can change on this machine: Python, time zone, locale, SIMD and BLAS
kernels.

Conditions are checked in a child process: a variable that a library does not know
changes nothing and proves nothing, so it is an error or reported as not exercised.
"""

import json
import os
import platform
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

PLAIN_LOCALE = "C.UTF-8"
# Turkish first: its small i without a dot breaks careless changes of case.
OTHER_LOCALES = ("tr_TR.utf8", "de_DE.utf8", "fr_FR.utf8", "en_US.utf8")
# Fourteen hours ahead: another day for most of the world.
FAR_ZONE = "Pacific/Kiritimati"
MINORS = (13, 12, 11)

# Run in a child: what NumPy uses, and what it could choose kernels by.
CPU_FEATURES = """
import json
try:
    from numpy._core import _multiarray_umath as core
except ImportError:
    from numpy.core import _multiarray_umath as core
on = [name for name, used in core.__cpu_features__.items() if used]
print(json.dumps({"on": on, "dispatch": list(core.__cpu_dispatch__)}))
"""

# Run in a child: OpenBLAS is found among the mapped files, whatever it is called.
KERNEL_NAME = """
import ctypes, numpy.linalg
names = "scipy_openblas_get_corename64_ openblas_get_corename64_ openblas_get_corename".split()
paths = {line.split()[-1] for line in open("/proc/self/maps") if "openblas" in line}
for path in sorted(paths):
    for name in names:
        function = getattr(ctypes.CDLL(path), name, None)
        if function is not None:
            function.restype = ctypes.c_char_p
            print(function().decode())
            raise SystemExit
"""

# BLAS kernels by the processor flag that they need, and what OpenBLAS calls them where
# that is another name.
KERNELS = {
    "Prescott": "sse2",
    "Nehalem": "sse4_2",
    "Sandybridge": "avx",
    "Haswell": "avx2",
    "Zen": "avx2",
    "SkylakeX": "avx512f",
}
REPORTED = {"Prescott": "Katmai"}


class GateError(Exception):
    """The one line that explains why the gate could not finish."""


@dataclass
class Report:
    """What was exercised and what was not."""

    done: list[tuple[str, str]] = field(default_factory=list)  # condition, detail
    left: list[str] = field(default_factory=list)

    def met(self, name: str, detail: str) -> None:
        """Note a condition that differed between the runs."""
        self.done.append((name, detail))

    def missed(self, name: str, reason: str) -> None:
        """Note a condition that could not be made to differ."""
        self.left.append(f"{name} ({reason})")

    def lines(self) -> list[str]:
        """Return the summary."""
        left = [f"not exercised: {'; '.join(self.left)}"] if self.left else []
        done = [f"{name} ({detail})" for name, detail in self.done]
        return [f"exercised: {'; '.join(done)}", *left]


def ask(python: str | Path, code: str, variables: dict[str, str]) -> str | None:
    """Return what a child process prints, or None when it fails."""
    try:
        done = subprocess.run(
            [str(python), "-c", code],
            env=os.environ | variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if done.returncode else done.stdout.strip()


def version_of(python: str | Path) -> str | None:
    """Return the version of a Python that can make environments, or None: names on PATH
    may be stubs.
    """
    code = "import sys, venv, ensurepip; print('%d.%d.%d' % sys.version_info[:3])"
    return ask(python, code, {})


def minor_of(version: str | None) -> str:
    """Return `3.12` of `3.12.1`."""
    return ".".join((version or "").split(".")[:2])


def other_python(present: Path) -> str | None:
    """Return a working Python of another minor version than the present one, the newest
    first.
    """
    own = minor_of(version_of(present))
    for minor in (f"3.{number}" for number in MINORS if f"3.{number}" != own):
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            for name in (f"python{minor}", "python3"):
                path = shutil.which(name, path=folder) if folder else None
                if path and minor_of(version_of(path)) == minor:
                    return path
    return None


def discard_environment(venv: Path, wanted: str) -> None:
    """Remove the gate's environment when it belongs to another Python."""
    present = minor_of(version_of(venv / "bin" / "python"))
    if venv.is_dir() and present != minor_of(version_of(wanted)):
        shutil.rmtree(venv)


def time_zone(report: Report) -> dict[str, str]:
    """Return the variable for a time zone 14 hours away."""
    # POSIX counts hours to the west: <+14>-14 is fourteen hours ahead of UTC.
    zone = FAR_ZONE if Path("/usr/share/zoneinfo", FAR_ZONE).exists() else "<+14>-14"
    report.met("time zone", f"UTC v {zone}")
    return {"TZ": zone}


def locale(report: Report) -> dict[str, str]:
    """Return the variables for an installed locale with other rules, else for the bare
    C locale.
    """
    listed = ""
    command = shutil.which("locale")
    if command:
        done = subprocess.run(
            [command, "-a"], capture_output=True, text=True, check=False
        )
        listed = done.stdout
    installed = {name.replace("UTF-8", "utf8"): name for name in listed.split()}
    chosen = next((installed[name] for name in OTHER_LOCALES if name in installed), "C")
    only = " only: no other is installed" if chosen == "C" else ""
    report.met("locale", f"{PLAIN_LOCALE} v {chosen}{only}")
    return {"LC_ALL": chosen, "LANG": chosen}


def without_avx512(python: Path, report: Report) -> dict[str, str]:
    """Return the variable that turns AVX-512 off in this NumPy, checked in a child
    process.

    The names differ between NumPy versions, so they are read from the one at hand.
    """
    plain = cpu_features(python, {})
    if plain is None:
        report.missed("NumPy without AVX-512", "this NumPy does not tell its features")
        return {}
    if not avx512(plain["on"]):
        report.missed("NumPy without AVX-512", "this processor has none")
        return {}
    variables = {"NPY_DISABLE_CPU_FEATURES": " ".join(avx512(plain["dispatch"]))}
    changed = cpu_features(python, variables)
    left = avx512(plain["dispatch"] if changed is None else changed["on"])
    # A feature that the compiler took as given cannot be turned off.
    if [name for name in left if name in plain["dispatch"]]:
        raise GateError(
            f"NumPy still uses {' '.join(left)}; expected no AVX-512; correct"
            " gate_conditions.py"
        )
    report.met("NumPy without AVX-512", variables["NPY_DISABLE_CPU_FEATURES"])
    return variables


def cpu_features(
    python: Path, variables: dict[str, str]
) -> dict[str, list[str]] | None:
    """Return the processor features that NumPy uses (`on`) and those it chooses kernels
    by (`dispatch`).
    """
    answer = ask(python, CPU_FEATURES, variables)
    if not answer:
        return None
    features: dict[str, list[str]] = json.loads(answer)
    return features


def avx512(names: list[str]) -> list[str]:
    """Return the names that stand for AVX-512."""
    return [name for name in names if name.startswith("AVX512") or name == "X86_V4"]


def other_kernels(python: Path) -> list[str]:
    """Return the BLAS kernels that OpenBLAS really switches to here, without the
    present one.
    """
    if platform.machine() != "x86_64":
        return []
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split()
    present = kernel_of(python, {})
    kernels = []
    for kernel, flag in KERNELS.items():
        if flag in flags:
            name = kernel_of(python, {"OPENBLAS_CORETYPE": kernel})
            # OpenBLAS falls back in silence, so only a kernel that names itself counts.
            if name == REPORTED.get(kernel, kernel) and name != present:
                kernels.append(kernel)
    return kernels


def kernel_of(python: Path, variables: dict[str, str]) -> str | None:
    """Return the name of the BLAS kernel that NumPy runs on, or None when it does not
    tell.
    """
    return ask(python, KERNEL_NAME, variables) or None
