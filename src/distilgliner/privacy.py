"""Nothing that runs here reports to anybody: what libraries send to their makers is switched off.

onnxruntime (from 1.29) writes a device id and a database of events into the home folder and looks
up its maker's host. It looks at its variable only while it is imported, and its own
`disable_telemetry_events` comes too late; so `distilgliner/__init__.py` calls this first of all.
Processes that are started later inherit the variables. Whoever sets one is left their choice.
"""

from __future__ import annotations

import os
import sys
import warnings

_ONNXRUNTIME = "ORT_DISABLE_TELEMETRY"
_SWITCHES = (_ONNXRUNTIME, "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK")


def disable_telemetry() -> None:
    """Set the variables that are not set; warns when onnxruntime has been imported without its."""
    if "onnxruntime" in sys.modules and _ONNXRUNTIME not in os.environ:
        warnings.warn(
            "onnxruntime was imported before distilgliner, which is too late to switch off its "
            f"telemetry; import distilgliner first, or set {_ONNXRUNTIME}=1.",
            stacklevel=3,
        )
    for name in _SWITCHES:
        os.environ.setdefault(name, "1")
