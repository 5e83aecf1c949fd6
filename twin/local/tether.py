"""A process that ends with its parent, however that ends: nothing comes in or out.

granian and Celery fork helpers of their own. When their master is killed, those would live on,
hold the port and take tasks beside the new master's.
"""

from __future__ import annotations

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1


def end_with_parent(**_ignored: object) -> None:
    """Ask the kernel for SIGKILL when the parent dies; nothing outside `twin up` and Linux."""
    if os.environ.get("TWIN_SUPERVISED") != "1":
        return
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):
        return
