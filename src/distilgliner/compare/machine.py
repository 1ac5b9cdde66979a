"""What machine a comparison ran on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from distilgliner.compare.results import Machine
from distilgliner.evaluate.cost import count_cores
from distilgliner.version import __version__


def describe_machine() -> Machine:
    """Processor, cores this process may use, memory, and the versions that matter."""
    return Machine(
        cpu=_read_cpu(),
        cores=count_cores(),
        memory_bytes=_read_memory(),
        python=platform.python_version(),
        torch=_version("torch"),
        gliner=_version("gliner"),
        distilgliner=__version__,
    )


def _read_cpu() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _read_memory() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
