# SPDX-License-Identifier: Apache-2.0
"""Runs models with delegates that were written for TensorFlow Lite, by libtensorflowlite_c.so: what it
plans is a handle of the C interface like any other."""

from __future__ import annotations

import ctypes
import functools
import os
import typing
import warnings
import weakref
from ctypes import POINTER, c_bool, c_char_p, c_int, c_int32, c_int64, c_size_t, c_uint64, c_void_p

from . import _find
from . import _library as c
from ._model import Model
from ._plan import Plan, PlanError, Shapes

_OK = 0
_DELEGATE_ERROR = 2
_LINE = ctypes.CFUNCTYPE(None, c_void_p, c_char_p)
_PROTOTYPES: dict[str, tuple[typing.Any, ...]] = {
    "TfLiteModelCreate": (c_void_p, c_void_p, c_size_t),
    "TfLiteModelDelete": (None, c_void_p),
    "TfLiteInterpreterOptionsCreate": (c_void_p,),
    "TfLiteInterpreterOptionsSetNumThreads": (None, c_void_p, c_int32),
    "TfLiteInterpreterOptionsDelete": (None, c_void_p),
    "TfLitePipitOptionsSetLineReporter": (None, c_void_p, _LINE, c_void_p),
    "TfLitePipitOptionsSetPlanning": (None, c_void_p, c_uint64, c_int64, c_bool),
    "TfLitePipitOptionsSetPreserveAllTensors": (None, c_void_p, c_bool),
    "TfLiteInterpreterCreate": (c_void_p, c_void_p, c_void_p),
    "TfLiteInterpreterDelete": (None, c_void_p),
    "TfLiteInterpreterModifyGraphWithDelegate": (c_int, c_void_p, c_void_p),
    "TfLiteInterpreterAllocateTensors": (c_int, c_void_p),
    "TfLitePipitInterpreterSetNumThreads": (c_int, c_void_p, c_int),
    "TfLitePipitInterpreterResizeInput": (
        c_int, c_void_p, c_int, c_int, POINTER(c_int32), c_int),
    "TfLitePipitInterpreterGetHandle": (c_void_p, c_void_p),
}


@functools.lru_cache(maxsize=None)
def library() -> ctypes.CDLL:
    """libtensorflowlite_c.so, loaded when it is first needed.

    Raises:
      ImportError: it is not there, or not Pipit's, or of another version.
    """
    handles = {name: types for name, types in c.PROTOTYPES.items()
               if name.startswith("pipit_interpreter_") and name != "pipit_interpreter_init"}
    handles["pipit_version"] = c.PROTOTYPES["pipit_version"]
    found = c.bound(_find.load_tflite(), {**handles, **_PROTOTYPES})
    versions = found.pipit_version().decode(), c.lib.pipit_version().decode()
    if versions[0] != versions[1]:
        raise ImportError("%s is of version %s of Pipit, this package is %s"
                          % (found._name, *versions), name="pipit", path=found._name)
    return found


class Settings(typing.NamedTuple):
    """What an interpreter is made with."""

    threads: int
    preserve_all: bool
    random_seed: int
    max_calls: int | None


# {address of an interpreter: what it uses}: no garbage collector may take that first.
_in_use: dict[int, typing.Any] = {}


class Net:
    """An interpreter of that library, with delegates."""

    def __init__(self, model: Model, delegates: typing.Sequence[typing.Any],
                 settings: Settings) -> None:
        self.lib, self.model, self.process = library(), model, os.getpid()
        self._said: list[str] = []
        self._pending = list(delegates)
        said = self._said
        report = _LINE(lambda _, line: said.append(c.decoded(line)))
        self._net: int | None = self._create(report, settings)
        if self._net is None:
            raise PlanError(self._message())
        _in_use[self._net] = report, model, list(delegates)

    def _create(self, report: typing.Any, settings: Settings) -> int | None:
        lib, options = self.lib, self.lib.TfLiteInterpreterOptionsCreate()
        lib.TfLiteInterpreterOptionsSetNumThreads(options, settings.threads)
        lib.TfLitePipitOptionsSetLineReporter(options, report, None)
        lib.TfLitePipitOptionsSetPreserveAllTensors(options, settings.preserve_all)
        lib.TfLitePipitOptionsSetPlanning(options, settings.random_seed, settings.max_calls or 0,
                                          True)
        model = lib.TfLiteModelCreate(self.model.address, self.model.size)
        net = lib.TfLiteInterpreterCreate(model, options)
        lib.TfLiteModelDelete(model)
        lib.TfLiteInterpreterOptionsDelete(options)
        return typing.cast("int | None", net)

    # A process that fork() makes has none of the threads that this would wait for.
    def __del__(self) -> None:
        net = getattr(self, "_net", None)
        if net is None or _in_use is None or os.getpid() != self.process:
            return
        self.lib.TfLiteInterpreterDelete(net)
        del _in_use[net]

    def _message(self) -> c.Message:
        """What was said since the last one."""
        text = " ".join(self._said) or "failed, and nobody said why"
        self._said.clear()
        return c.Message(raw=text.encode()[:ctypes.sizeof(c.Message) - 1])

    def plan(self, shapes: Shapes) -> Plan:
        """A plan for these shapes, with the delegates that can be used."""
        self._check_process()
        for (subgraph, position), dims in shapes.items():
            status = self.lib.TfLitePipitInterpreterResizeInput(
                self._net, subgraph, position, (c_int32 * len(dims))(*dims), len(dims))
            if status != _OK:
                raise PlanError(self._message())
        self._apply_pending()
        status = self._allocate()
        if status == _DELEGATE_ERROR:
            self._warn()
            status = self._allocate()
        if status != _OK:
            raise PlanError(self._message())
        return NetPlan(self)

    def _allocate(self) -> int:
        return int(self.lib.TfLiteInterpreterAllocateTensors(self._net))

    def _apply_pending(self) -> None:
        while self._pending:
            delegate = self._pending.pop(0)._get_native_delegate_pointer()
            status = self.lib.TfLiteInterpreterModifyGraphWithDelegate(self._net, delegate)
            if status == _DELEGATE_ERROR:  # there are no others left, either
                self._pending.clear()
                self._warn()

    def _warn(self) -> None:
        warnings.warn(self._message().text, RuntimeWarning, stacklevel=7)

    def set_threads(self, threads: int) -> None:
        self._check_process()
        self.lib.TfLitePipitInterpreterSetNumThreads(self._net, threads)

    def _check_process(self) -> None:
        if os.getpid() != self.process:
            raise RuntimeError("An interpreter with delegates cannot be used after fork(): make one "
                               "in the new process.")

    def invoke(self, signature: int) -> tuple[int, c.Message]:
        """As Plan does, with what delegates said when it failed."""
        self._check_process()
        self._said.clear()
        why = c.Message()
        code = self.lib.pipit_interpreter_invoke_signature(self.handle(), signature,
                                                           ctypes.byref(why))
        if code not in (c.OK, c.CANCELLED) and self._said:
            self._said.insert(0, why.text)
            why = self._message()
        return int(code), why

    def handle(self) -> ctypes.c_void_p:
        return ctypes.c_void_p(self.lib.TfLitePipitInterpreterGetHandle(self._net))


class NetPlan(Plan):
    """What a Net has planned last. Its memory is the Net's."""

    def __init__(self, net: Net) -> None:
        self._net, self._model, self.lib = net, net.model, net.lib
        self.room = 0
        self.handle = net.handle()
        self._exports = weakref.WeakValueDictionary()

    def invoke(self, signature: int) -> tuple[int, c.Message]:
        return self._net.invoke(signature)
