# SPDX-License-Identifier: Apache-2.0
"""Where a model's memory goes: sizes, blocks, and a picture of them for notebooks."""

from __future__ import annotations

import ctypes
import html
import typing

from . import _library as c
from ._library import lib
from ._model import Model
from ._plan import PlanError, required_memory

_STYLE = """
.pipit-plan{font:13px/1.4 system-ui,sans-serif}
.pipit-plan .map{position:relative;height:26em;border:1px solid #8888;background:#8881}
.pipit-plan .map div{position:absolute;overflow:hidden;white-space:nowrap;font-size:11px;
border:1px solid #8888;background:#a9cdf0;color:#1c1e21;padding:0 .2em}
.pipit-plan .map .scratch{background:#f3cf8f;border-style:dashed}
"""


class Block(typing.NamedTuple):
    """Bytes of a tensor, or of a step's scratch memory."""
    subgraph: int
    tensor: int | None
    name: str
    step: int | None
    first_step: int
    last_step: int
    offset: int
    bytes: int


class MemoryPlan:
    """What planning a model has found."""

    def __init__(self, model: Model, options: c.Options, cpu: str | None) -> None:
        blocks: dict[tuple[int, int, int], Block] = {}

        def hear(_: typing.Any, block: typing.Any) -> None:
            b = block.contents
            named = b.tensor >= 0
            blocks[b.subgraph, b.tensor, b.step] = Block(
                b.subgraph, b.tensor if named else None,
                _tensor_name(model, b.subgraph, b.tensor) if named else "scratch",
                None if named else b.step, b.first, b.last, b.offset, b.bytes)

        listener = c.BlockListener(hear)
        if cpu in ("any", "aarch64", "armhf"):
            listener = c.BlockListener(0)  # for no block
        options.block = listener
        options.cpu = cpu.encode() if cpu is not None else None
        try:
            memory = required_memory(model, options)
        except PlanError as error:
            message = error.args[0]
            if cpu is not None and "-bit CPU '" in message.text:
                raise ValueError(message.text) from None
            raise RuntimeError(message.failed_node("prepare")) from None
        self.arena_bytes = int(memory.arena_bytes)
        self.activation_bytes = int(memory.activation_bytes)
        self.lower_bound_bytes = int(memory.lower_bound_bytes)
        self.blocks = sorted(blocks.values(), key=lambda b: (b.subgraph, b.offset, b.first_step))

    def __repr__(self) -> str:
        return "<MemoryPlan: arena %d bytes, activations %d, lower bound %d, %d blocks>" % (
            self.arena_bytes, self.activation_bytes, self.lower_bound_bytes, len(self.blocks))

    def _repr_html_(self) -> str:
        """Steps from left to right, addresses downwards, for each subgraph."""
        text = "<div class=pipit-plan><style>%s</style><p>Arena %s bytes: %s of activations, of " \
            "which at most %s are alive at a time.</p>" % (
                _STYLE, *(format(n, ",") for n in (
                    self.arena_bytes, self.activation_bytes, self.lower_bound_bytes)))
        for subgraph in sorted({b.subgraph for b in self.blocks}):
            blocks = [b for b in self.blocks if b.subgraph == subgraph]
            steps = 1 + max(b.last_step for b in blocks)
            size = max(1, max(b.offset + b.bytes for b in blocks))
            text += "<div class=map role=img aria-label=\"Tensors by step and address\">%s</div>" \
                % "".join(_box(b, steps, size) for b in blocks)
        return text + "</div>"


def _box(b: Block, steps: int, size: int) -> str:
    title = "%s: %s bytes at %s, steps %d to %d" % (
        b.name, format(b.bytes, ","), format(b.offset, ","), b.first_step, b.last_step)
    return "<div%s style=\"left:%.4g%%;width:%.4g%%;top:%.4g%%;height:%.4g%%\" title=\"%s\">%s</div>" \
        % ("" if b.tensor is not None else " class=scratch", 100 * b.first_step / steps,
           100 * (b.last_step - b.first_step + 1) / steps, 100 * b.offset / size,
           100 * b.bytes / size, html.escape(title), html.escape(b.name))


def _tensor_name(model: Model, subgraph: int, index: int) -> str:
    tensor = c.Tensor()
    lib.pipit_model_tensor(model.handle, subgraph, index, ctypes.byref(tensor))
    return c.decoded(tensor.name)
