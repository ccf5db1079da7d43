# SPDX-License-Identifier: Apache-2.0
"""Keras' layers of attention."""

from __future__ import annotations

import math

import numpy as np

from ...building import maths, shapes
from ...format.graph import Array, ConvertError, Tensor, signature
from .activations import softmax
from .context import Context, Convert, Unsupported
from .dense import Tensors


def _given(c: Context, inputs: Tensors) -> tuple[Tensor, Tensor, Tensor]:
    """Query, value and key, by position or by name; the key is the value if nobody says otherwise."""
    c.unmasked()
    names = {"query": inputs[:1], "value": inputs[1:2], "key": inputs[2:3]}
    found = {name: c.named.get(name, by_position) for name, by_position in names.items()}
    if "attention_mask" in c.named or c.arguments.get("use_causal_mask"):
        raise Unsupported("masks are not supported")
    if not found["query"] or not found["value"]:
        raise ConvertError("has no query or no value")
    return found["query"][0], found["value"][0], (found["key"] or found["value"])[0]


def multi_head_attention(c: Context, inputs: Tensors) -> Tensor:
    query, value, key = _given(c, inputs)
    for x in (query, value, key):
        c.rank(x, 3)
    heads, key_size = c.integer("num_heads"), c.integer("key_dim")
    value_size = c.integer("value_dim", key_size) if c.get("value_dim", None) else key_size
    if c.get("output_shape", None) is not None:
        raise Unsupported("output_shape is not supported")
    parts = ["query", "key", "value", "output"]
    names = ["%s_%s" % (part, what) for part in parts
             for what in ["kernel"] + ["bias"] * c.flag("use_bias", True)]
    b = c.builder
    q = _heads(c, query, names, "query", heads, key_size, 1 / math.sqrt(key_size))
    k = _heads(c, key, names, "key", heads, key_size)
    v = _heads(c, value, names, "value", heads, value_size)
    scores = softmax(b, maths.matmul(b, q, k, False, True))
    mixed = shapes.transpose(b, maths.matmul(b, scores, v, False, False), [0, 2, 1, 3])
    flat = shapes.reshape(b, mixed, signature(mixed)[:2] + (heads * value_size,))
    return _projected(c, flat, names, "output", query.shape[2], 1.0)


def _projected(c: Context, x: Tensor, names: list[str], part: str, size: int,
               scale: float) -> Tensor:
    """Heads side by side along the last axis."""
    inner = c.fixed(x, 2, "the number of its inputs")

    def numbers(what: str, shape: list[int]) -> Array:
        found = c.weights(*names)["%s_%s" % (part, what)]
        if found.size != math.prod(shape):
            raise ConvertError("the %s of its %s has the shape %s"
                               % (what, part, list(found.shape)))
        return np.asarray(found.reshape(shape) * np.float32(scale))

    kernel = c.constant(part + "_kernel", lambda: numbers("kernel", [inner, size]).T)
    bias = c.constant(part + "_bias", lambda: numbers("bias", [size])) \
        if part + "_bias" in names else None
    return maths.fully_connected(c.builder, x, kernel, bias)


def _heads(c: Context, x: Tensor, names: list[str], part: str, heads: int, size: int,
           scale: float = 1.0) -> Tensor:
    """[batch, head, step, number]."""
    b = c.builder
    made = _projected(c, x, names, part, heads * size, scale)
    c.fixed(made, 1, "the number of steps")
    split = shapes.reshape(b, made, signature(made)[:2] + (heads, size))
    return shapes.transpose(b, split, [0, 2, 1, 3])


def attention(c: Context, inputs: Tensors) -> Tensor:
    query, value, key = _given(c, inputs)
    if c.get("score_mode", "dot") != "dot" or c.flag("causal", False):
        raise Unsupported("attention that is causal or no product is not supported")
    b = c.builder
    scores = maths.matmul(b, query, key, False, True)
    if c.flag("use_scale", False):
        scale = c.constant("scale", lambda: c.weights("scale")["scale"])
        scores = maths.binary(b, "MUL", scores, scale)
    return maths.matmul(b, softmax(b, scores), value, False, False)


LAYERS: dict[str, Convert] = {"Attention": attention, "MultiHeadAttention": multi_head_attention}
