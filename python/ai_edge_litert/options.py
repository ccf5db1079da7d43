# SPDX-License-Identifier: Apache-2.0
"""ai_edge_litert.options: how a model is to be compiled. Only accelerators and threads matter here."""

from __future__ import annotations

import typing

from .cpu_options import CpuKernelMode, CpuOptions
from .gpu_options import GpuOptions
from .hardware_accelerator import HardwareAccelerator

__all__ = ["CpuKernelMode", "CpuOptions", "GpuOptions", "HardwareAccelerator", "Options"]


class Options:
    """Options of one model."""

    def __init__(
        self,
        hardware_accelerators: HardwareAccelerator = HardwareAccelerator.CPU,
        cpu_options: CpuOptions | None = None,
        gpu_options: GpuOptions | None = None,
        **others: typing.Any,
    ) -> None:
        self.hardware_accelerators = hardware_accelerators
        self.cpu_options = cpu_options if cpu_options is not None else CpuOptions()
        self.gpu_options = gpu_options if gpu_options is not None else GpuOptions()

    @classmethod
    def create(cls) -> Options:
        """The defaults, to be changed."""
        return cls()
