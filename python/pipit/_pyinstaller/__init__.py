# SPDX-License-Identifier: Apache-2.0
"""Tells PyInstaller where the hook is that packs the shared library into a program."""

from __future__ import annotations

import os


def hook_dirs() -> list[str]:
    """The folders with hooks."""
    return [os.path.dirname(os.path.abspath(__file__))]
