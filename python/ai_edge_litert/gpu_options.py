# SPDX-License-Identifier: Apache-2.0
"""ai_edge_litert.gpu_options: accepted, and without meaning where the CPU computes."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass
class GpuOptions:
    """Nothing of it changes anything."""

    enforce_f32: bool = False
    share_constant_tensors: bool = False
    enable_constant_tensor_sharing: bool = False
    enable_infinite_float_capping: bool = False
    enable_benchmark_mode: bool = False
    enable_allow_src_quantized_fc_conv_ops: bool = False
    enable_hint_waiting_for_completion: bool = False
