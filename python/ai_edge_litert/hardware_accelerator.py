# SPDX-License-Identifier: Apache-2.0
"""ai_edge_litert.hardware_accelerator: names of what may compute."""

from __future__ import annotations

import enum


class HardwareAccelerator(enum.IntFlag):
    """To be combined by |. Pipit computes on the CPU, whatever else is named; a model for which an
    accelerator alone is asked is refused, so that programs go on to the next that they try."""

    CPU = 1
    GPU = 2
    NPU = 4
