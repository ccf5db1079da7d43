# SPDX-License-Identifier: Apache-2.0
"""Activations become a part of the operator before them, and zeros around a picture a part of the
convolution after them."""

from __future__ import annotations

from ..format.graph import Operator, signature
from .edit import Editor, constant

_ACTIVATIONS = ("RELU", "RELU6", "RELU_N1_TO_1")
_TAKERS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "SUB", "MUL", "DIV",
           "AVERAGE_POOL_2D", "MAX_POOL_2D")


def run(editor: Editor) -> None:
    for op in editor.operators():
        if op.kind in _ACTIVATIONS:
            _activation(editor, op)
        elif op.kind == "PAD":
            _padding(editor, op)


def plain(op: Operator) -> bool:
    """Whether it has no activation yet."""
    return bool(op.options.get("fused_activation_function", "NONE") == "NONE")


def _activation(editor: Editor, op: Operator) -> None:
    source = op.inputs[0]
    maker = editor.producer(source, *_TAKERS)
    if maker and plain(maker) and editor.only_for(source, op) and op.outputs[0].dtype == "FLOAT32":
        maker.options["fused_activation_function"] = op.kind
        editor.absorb(maker, op)


def _padding(editor: Editor, op: Operator) -> None:
    source, amounts = op.inputs[0], constant(op.inputs[1])
    if amounts is None or source is None:
        return
    if not amounts.any():
        editor.bypass(op)
        return
    conv = editor.sole_consumer(op.outputs[0])
    if conv is None or conv.kind not in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        return
    if conv.options.get("padding") == "VALID" and _is_same(op, conv, amounts.tolist()):
        conv.options["padding"] = "SAME"
        editor.set_input(conv, 0, source)


def _is_same(op: Operator, conv: Operator, amounts: list[list[int]]) -> bool:
    """Whether the zeros are those that the convolution would add of its own."""
    source, weights = op.inputs[0], conv.inputs[1]
    if source is None or weights is None or len(amounts) != 4 or amounts[0] != [0, 0] \
            or amounts[3] != [0, 0] or conv.inputs[0] is not op.outputs[0]:
        return False
    return all(_same(signature(source)[i], weights.shape[i], conv.options["stride_" + side],
                     conv.options.get("dilation_%s_factor" % side, 1)) == amounts[i]
               for i, side in ((1, "h"), (2, "w")))


def _same(size: int, kernel: int, stride: int, dilation: int) -> list[int] | None:
    """Zeros before and after; one unknown size does, where the step is one."""
    reach = (kernel - 1) * dilation
    if size < 0 and stride != 1:
        return None
    total = reach if stride == 1 else max((-(-size // stride) - 1) * stride + reach + 1 - size, 0)
    return [total // 2, total - total // 2]
