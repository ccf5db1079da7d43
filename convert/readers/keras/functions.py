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


LAYERS: dict[str, Convert] = {
    "Add": binary("ADD"), "Divide": binary("DIV"), "Multiply": binary("MUL"),
    "Subtract": binary("SUB"), "TFOpLambda": function, "TrueDivide": binary("DIV")}
