# SPDX-License-Identifier: Apache-2.0
"""A planned model in memory of its own: the arena that Python gives to the library."""

import ctypes
import functools
import mmap
import sys
import weakref

from . import _library as c
from ._library import lib

# Address space behind the plan for tensors whose shape only values tell; costs memory where used.
_ROOM = (1 << 30) if sys.maxsize > 2**32 else (1 << 28)
_MAP_NORESERVE = 0x4000


class PlanError(Exception):
    """Planning failed; the argument is a Message."""


def make_options(shapes, team, preserve_all, random_seed, max_calls, operators, delegates):
    """The C struct; `shapes` is {(subgraph, position): dimensions}."""
    options = c.Options()
    lib.pipit_options_init(ctypes.byref(options))
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


class Plan:
    """An interpreter of the C interface and its arena."""

    def __init__(self, model, options):
        self._keep = (model, options)
        self.arena_bytes = required_memory(model, options).arena_bytes
        self._create(model, options, self.arena_bytes)
        if self._any_dynamic(model):
            self._create(model, options, self.arena_bytes + _ROOM)

    def _create(self, model, options, size):
        self.arena = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
                               | _MAP_NORESERVE)
        start = (ctypes.c_char * size).from_buffer(self.arena)
        handle, why = ctypes.c_void_p(), c.Message()
        code = lib.pipit_interpreter_init(model.handle, ctypes.addressof(start), size,
                                          ctypes.byref(options), ctypes.byref(handle),
                                          ctypes.byref(why))
        if code != c.OK:
            raise PlanError(why)
        self.handle = handle
        self._exports = weakref.WeakValueDictionary()

    def _any_dynamic(self, model):
        for subgraph in range(model.subgraphs()):
            for index in range(lib.pipit_interpreter_tensors(self.handle, subgraph)):
                if self.tensor(subgraph, index).storage == c.STORAGE_DYNAMIC:
                    return True
        return False

    def refusal(self, subgraph):
        """The message that says why a subgraph cannot run, or None."""
        why = c.Message()
        code = lib.pipit_interpreter_runs(self.handle, subgraph, ctypes.byref(why))
        return None if code == c.OK else why

    def tensor(self, subgraph, index):
        """The tensor as it is now, or None when its subgraph is not planned."""
        tensor = c.Tensor()
        code = lib.pipit_interpreter_tensor(self.handle, subgraph, index, ctypes.byref(tensor))
        return tensor if code == c.OK else None

    def export(self, tensor):
        """An object with the tensor's bytes as its buffer, counted as long as anybody holds it."""
        export = _export_type(tensor.bytes).from_address(tensor.data)
        export.plan = self  # the arena stays as long as the bytes are in use
        self._exports[id(export)] = export
        return export

    def exported(self):
        return len(self._exports) > 0

    def invoke(self, signature=None):
        """The code and the message of an inference; runs without Python's global lock."""
        why = c.Message()
        if signature is None:
            return lib.pipit_interpreter_invoke(self.handle, ctypes.byref(why)), why
        return lib.pipit_interpreter_invoke_signature(
            self.handle, signature, ctypes.byref(why)), why


@functools.lru_cache(maxsize=256)
def _export_type(size):
    return type("_Export", (ctypes.c_char * size,), {})


def required_memory(model, options):
    memory, why = c.Memory(struct_bytes=ctypes.sizeof(c.Memory)), c.Message()
    code = lib.pipit_required_memory(
        model.handle, ctypes.byref(options), ctypes.byref(memory), ctypes.byref(why))
    if code != c.OK:
        raise PlanError(why)
    return memory
