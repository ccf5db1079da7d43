# SPDX-License-Identifier: Apache-2.0
"""Functions that Keras records as layers when a model is written as arithmetic: `x + 1`, tf.nn.relu(x)."""

from __future__ import annotations

from ...building import maths
from ...format.graph import Tensor
from .activations import FUNCTIONS, activate
from .config import Json
from .context import Context, Convert, Unsupported
from .dense import Tensors, merge

_BINARY = {"add": "ADD", "subtract": "SUB", "sub": "SUB", "multiply": "MUL", "mul": "MUL",
           "truediv": "DIV", "divide": "DIV", "maximum": "MAXIMUM", "minimum": "MINIMUM"}


def binary(kind: str) -> Convert:
    """Of two tensors, or of one and a number before or after it."""
    def convert(c: Context, inputs: Tensors) -> Tensor:
        inputs = inputs + c.named.get("y", []) + c.named.get("x2", [])
        if len(inputs) != 1:
            made = merge(kind)(c, inputs)
            assert isinstance(made, Tensor)
            return made
        number, first = _number(c.arguments)
        if not first:
            return maths.binary(c.builder, kind, inputs[0], number)
        number_first = maths.scalar(c.builder, number, inputs[0])
        return maths.binary(c.builder, kind, number_first, inputs[0])
    return convert


def _number(arguments: dict[str, Json]) -> tuple[float, bool]:
    """The other operand, and whether it comes first."""
    for key in ("y", "x2"):
        if isinstance(arguments.get(key), (int, float)):
            return float(arguments[key]), False
    given = arguments.get("args")
    for place, value in enumerate(given[:2] if isinstance(given, list) else []):
        if isinstance(value, (int, float)):
            return float(value), place == 0
    raise Unsupported("its other operand is neither a tensor nor a number")


def function(c: Context, inputs: Tensors) -> Tensor:
    """Keras 2: "math.add", "__operators__.add", "nn.relu"."""
    name = c.text("function", "").split(".")[-1]
    if name in _BINARY:
        made = binary(_BINARY[name])(c, inputs)
        assert isinstance(made, Tensor)
        return made
    if name in FUNCTIONS and len(inputs) == 1:
        return activate(c.builder, inputs[0], name, c.keras)
    raise Unsupported("function %s is not supported" % c.text("function", ""))


def any_of(c: Context, inputs: Tensors) -> Tensor:
    """With NotEqual, how Keras 3 writes down where a mask comes from."""
    axis = c.get("axis", None)
    axes = axis if isinstance(axis, list) else [axis]
    if not all(isinstance(each, int) for each in axes):
        raise c.wrong("axis", axis, "a dimension")
    return maths.reduce(c.builder, "REDUCE_ANY", inputs[0], axes, c.flag("keepdims", False))


LAYERS: dict[str, Convert] = {
    "Add": binary("ADD"), "Any": any_of, "Divide": binary("DIV"), "Multiply": binary("MUL"),
    "NotEqual": binary("NOT_EQUAL"),
    "Subtract": binary("SUB"), "TFOpLambda": function, "TrueDivide": binary("DIV")}
