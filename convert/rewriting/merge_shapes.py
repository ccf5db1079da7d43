# SPDX-License-Identifier: Apache-2.0
"""Reshapes in a row become one, and move behind what looks at single numbers or channels only, so
that it stands beside the layer that it belongs to."""

from __future__ import annotations

import numpy as np

from ..format.graph import Operator, Tensor, set_signature, signature
from .edit import Editor, constant, operand

_UNARY = ("RELU", "RELU6", "RELU_N1_TO_1", "LOGISTIC", "TANH", "ELU", "LEAKY_RELU", "HARD_SWISH",
          "GELU", "ABS", "NEG", "EXP", "SQRT", "RSQRT", "SQUARE")
ELEMENTWISE = _UNARY + ("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE")


def run(editor: Editor) -> None:
    for op in editor.operators():
        if op.kind in ("EXPAND_DIMS", "SQUEEZE"):
            _as_reshape(editor, op)
        if op.kind == "RESHAPE":
            _merge(editor, op)
        elif op.kind in ELEMENTWISE:
            _sink(editor, op)


def _sizes(tensor: Tensor) -> Tensor:
    data = np.asarray(signature(tensor), np.int32)
    return Tensor(tensor.name + "/sizes", data.shape, "INT32", data)


def _as_reshape(editor: Editor, op: Operator) -> None:
    """What only adds or drops sizes of 1, where at most one size is unknown."""
    if sum(n < 0 for n in signature(op.outputs[0])) < 2:
        op.kind, op.options = "RESHAPE", {}
        editor.set_inputs(op, [op.inputs[0], _sizes(op.outputs[0])])


def _merge(editor: Editor, op: Operator) -> None:
    source = op.inputs[0]
    if source is None or (len(op.inputs) > 1 and constant(op.inputs[1]) is None):
        return
    if signature(source) == signature(op.outputs[0]) and editor.bypass(op):
        return
    first = editor.producer(source, "RESHAPE")
    if first and first.inputs[0] is not None and _fixed(op):
        editor.set_input(op, 0, first.inputs[0])


def _fixed(op: Operator) -> bool:
    """Whether sizes say themselves what the output is: 0 would copy one of the input."""
    values = constant(op.inputs[1]) if len(op.inputs) > 1 else None
    return values is not None and bool((values != 0).all())


def _sink(editor: Editor, op: Operator) -> None:
    """f(reshape(x)) becomes reshape(f(x)) where x is computed by what may take f in."""
    made = [editor.producer(t, "RESHAPE") for t in op.inputs if t is not None and constant(t) is None]
    firsts = [each for each in made if each is not None]
    if not firsts or len(firsts) != len(made) or not all(map(_fixed, firsts)):
        return
    if not all(editor.only_for(each.outputs[0], op) for each in firsts):
        return
    sources = [each.inputs[0] for each in firsts]
    x = sources[0]
    if x is None or any(t is None or signature(t) != signature(x) for t in sources):
        return
    if editor.producer(x) is not None and _same_constant(op, x, firsts[0]):
        _swap(editor, op, firsts, x)


def _same_constant(op: Operator, x: Tensor, first: Operator) -> bool:
    """Whether the operator's constant, if it has one, means the same beside x; and shapes stay."""
    if signature(op.outputs[0]) != signature(first.outputs[0]):
        return False
    found = operand(op)
    if found is None:
        return all(constant(t) is None for t in op.inputs)
    values = constant(found[1])
    assert values is not None
    same_channels = bool(x.shape) and x.shape[-1:] == first.outputs[0].shape[-1:]
    return values.size == 1 and values.ndim <= len(x.shape) or (
        same_channels and values.ndim == 1 and values.size == x.shape[-1])


def _swap(editor: Editor, op: Operator, firsts: list[Operator], x: Tensor) -> None:
    after = op.outputs[0]
    middle = Tensor(op.layer or after.name, (), after.dtype)
    set_signature(middle, signature(x))
    sources = {id(each.outputs[0]): each.inputs[0] for each in firsts}
    new = Operator(op.kind, [sources.get(id(t), t) for t in op.inputs], [middle],
                   op.options, version=op.version, layer=op.layer)
    reshape = Operator("RESHAPE", [middle, _sizes(after)], [after], layer=op.layer)
    editor.remove(op)
    editor.insert_after(op, reshape)
    editor.insert_after(op, new)
