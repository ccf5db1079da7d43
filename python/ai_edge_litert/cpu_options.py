# SPDX-License-Identifier: Apache-2.0
"""ai_edge_litert.cpu_options: of the CPU. The number of threads is what matters here."""

from __future__ import annotations

import dataclasses

from .cpu_kernel_mode import CpuKernelMode

__all__ = ["CpuKernelMode", "CpuOptions"]


@dataclasses.dataclass
class CpuOptions:
    """num_threads: 0 stands for what fits the board. The rest changes nothing."""

    num_threads: int = 0
    kernel_mode: CpuKernelMode | None = None
    xnnpack_flags: int | None = None
    xnnpack_weight_cache_path: str = ""
