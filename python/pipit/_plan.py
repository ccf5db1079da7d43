# SPDX-License-Identifier: Apache-2.0
"""A planned model in memory of its own: the arena that Python gives to the library."""

from __future__ import annotations

import ctypes
import functools
import mmap
import sys
import typing
import weakref

from . import _library as c
from . import _types as types
from ._library import lib
from ._model import Model
from ._team import Team

# Address space behind the plan for tensors whose shape only values tell. It costs memory where it is
# used, and where there is little of it, each plan takes a small part of what there is.
_ROOM = 1 << 32 if sys.maxsize > 2**32 else 1 << 28
_LEAST_ROOM = 1 << 20
_PART = 8
_GROWTH = 4
_MAP_NORESERVE = 0x4000

Shapes = typing.Dict[typing.Tuple[int, int], typing.Tuple[int, ...]]


class PlanError(Exception):
    """Planning failed; the argument is a Message."""


def make_options(shapes: Shapes, team: Team | None, preserve_all: bool, random_seed: int,
                 max_calls: int | None, operators: typing.Any, delegates: typing.Any) -> c.Options:
    """The C struct; `shapes` is {(subgraph, position): dimensions}."""
    options = c.Options()
    lib.pipit_options_init_bytes(ctypes.byref(options), ctypes.sizeof(options))
    options.team = team.handle if team is not None else None
    options.preserve_all = 1 if preserve_all else 0
    options.random_seed = random_seed
    options.main_may_fail = 1  # signatures may run all the same
    if max_calls is not None:
        options.max_calls = max_calls
    array = (c.InputShape * max(len(shapes), 1))()
    for entry, ((subgraph, position), dims) in zip(array, shapes.items()):
        entry.subgraph, entry.input, entry.rank = subgraph, position, len(dims)
        entry.dims[:len(dims)] = dims
    options.shapes = array
    options.shape_count = len(shapes)
    if delegates:
        options.delegates = delegates
        options.delegate_count = len(delegates)
    if operators:
        options.operators = operators
        options.operator_count = len(operators)
    return options


def _map(size: int) -> mmap.mmap | None:
    """So many bytes of memory, or None when there is no address space for them."""
    try:
        return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE)
    except (OSError, OverflowError, ValueError):
        return None


def _reserve(size: int, room: int) -> mmap.mmap | None:
    """An arena of `size` bytes and room behind them, as much of it as there is address space for;
    but where there is not enough for all, a part, so that others find some, too."""
    arena = _map(size + room)
    while arena is None and room > _LEAST_ROOM:
        room //= 2
        arena = _map(size + room)
        if arena is not None and room > _LEAST_ROOM * _PART:
            arena.close()
            arena = _map(size + room // _PART)
    return arena if arena is not None else _map(size)


class Plan:
    """An interpreter of the C interface and its arena."""

    lib: ctypes.CDLL = c.lib  # whose functions take the handle

    def __init__(self, model: Model, options: c.Options, room: int = _ROOM) -> None:
        self._model, self._options = model, options
        self.arena_bytes = int(required_memory(model, options).arena_bytes)
        self._create(0)
        if self._any(lambda tensor: tensor.storage == c.STORAGE_DYNAMIC):
            self._create(room)

    def _create(self, room: int) -> None:
        arena = _reserve(self.arena_bytes, room)
        if arena is None:
            raise MemoryError("there is no address space for an arena of %d bytes"
                              % self.arena_bytes)
        self.room = len(arena) - self.arena_bytes
        start = (ctypes.c_char * len(arena)).from_buffer(arena)
        handle, why = ctypes.c_void_p(), c.Message()
        code = lib.pipit_interpreter_init(self._model.handle, ctypes.addressof(start), len(arena),
                                          ctypes.byref(self._options), ctypes.byref(handle),
                                          ctypes.byref(why))
        if code != c.OK:
            raise PlanError(why)
        self.arena, self.handle = arena, handle
        self._exports: weakref.WeakValueDictionary[int, typing.Any] = weakref.WeakValueDictionary()

    def larger(self) -> Plan | None:
        """The same with more room; None when there is none, or when an invocation that ran out of it
        has left traces, so that another one would not compute the same."""
        if not self.room or self._keeps_state():
            return None
        try:
            plan = Plan(self._model, self._options, self.room * _GROWTH)
        except (PlanError, MemoryError):
            return None
        return plan if plan.room > self.room else None

    def _keeps_state(self) -> bool:
        kept = (types.RESOURCE, types.VARIANT)
        return self._model.may_keep_state() or self._any(
            lambda tensor: tensor.storage == c.STORAGE_VARIABLE or tensor.type in kept)

    def tensors(self) -> typing.Iterator[tuple[int, c.Tensor]]:
        """(subgraph, tensor) of all that are planned."""
        for subgraph in range(self._model.subgraphs()):
            for index in range(self.lib.pipit_interpreter_tensors(self.handle, subgraph)):
                tensor = self.tensor(subgraph, index)
                if tensor is not None:
                    yield subgraph, tensor

    def _any(self, is_so: typing.Callable[[c.Tensor], typing.Any]) -> bool:
        return any(is_so(tensor) for _, tensor in self.tensors())

    def take_over(self, earlier: Plan) -> None:
        """What an earlier plan of the same shapes has in inputs and variables."""
        for subgraph, tensor in self.tensors():
            before = earlier.tensor(subgraph, tensor.index)
            kept = (tensor.storage == c.STORAGE_VARIABLE
                    or tensor.index in self._model.inputs(subgraph))
            if kept and before is not None and before.data and before.bytes == tensor.bytes:
                ctypes.memmove(tensor.data, before.data, tensor.bytes)

    def refusal(self, subgraph: int) -> c.Message | None:
        """The message that says why a subgraph cannot run, or None."""
        why = c.Message()
        code = self.lib.pipit_interpreter_runs(self.handle, subgraph, ctypes.byref(why))
        return None if code == c.OK else why

    def tensor(self, subgraph: int, index: int) -> c.Tensor | None:
        """The tensor as it is now, or None when its subgraph is not planned."""
        tensor = c.Tensor()
        code = self.lib.pipit_interpreter_tensor(self.handle, subgraph, index, ctypes.byref(tensor))
        return tensor if code == c.OK else None

    def export(self, tensor: c.Tensor) -> typing.Any:
        """An object with the tensor's bytes as its buffer, counted as long as anybody holds it."""
        export = _export_type(tensor.bytes).from_address(tensor.data)
        export.plan = self  # the arena stays as long as the bytes are in use
        self._exports[id(export)] = export
        return export

    def exported(self) -> bool:
        return len(self._exports) > 0

    def invoke(self, signature: int) -> tuple[int, c.Message]:
        """The code and the message of an inference; runs without Python's global lock."""
        why = c.Message()
        code = self.lib.pipit_interpreter_invoke_signature(self.handle, signature, ctypes.byref(why))
        return int(code), why

    def cancel(self) -> None:
        self.lib.pipit_interpreter_cancel(self.handle)


@functools.lru_cache(maxsize=256)
def _export_type(size: int) -> typing.Any:
    return type("_Export", (ctypes.c_char * size,), {})


def required_memory(model: Model, options: c.Options) -> c.Memory:
    memory, why = c.Memory(struct_bytes=ctypes.sizeof(c.Memory)), c.Message()
    code = lib.pipit_required_memory(
        model.handle, ctypes.byref(options), ctypes.byref(memory), ctypes.byref(why))
    if code != c.OK:
        raise PlanError(why)
    return memory
