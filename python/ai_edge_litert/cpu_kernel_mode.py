# SPDX-License-Identifier: Apache-2.0
"""ai_edge_litert.cpu_kernel_mode: which kernels compute. Pipit has one set, exact as the reference."""

from __future__ import annotations

import enum


class CpuKernelMode(enum.IntEnum):
    """All mean the same."""

    DELEGATE = 0
    XNNPACK = 0
    REFERENCE = 1
    BUILTIN = 2
