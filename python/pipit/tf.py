# SPDX-License-Identifier: Apache-2.0
"""What programs that run models use of TensorFlow: `from pipit import tf`, then tf.lite.Interpreter.
tf.keras has no more than it takes to call an interpreter as a layer."""

import importlib.machinery as _machinery
import logging as _logging
import types as _types
import typing as _typing

from . import _layers
from . import interpreter as _interpreter

__version__ = "2.99.0+pipit"


def get_logger() -> _logging.Logger:
    """For programs that set how much TensorFlow says."""
    return _logging.getLogger("tensorflow")


def _missing(name: str) -> AttributeError:
    return AttributeError("pipit.tf runs models (tf.lite.Interpreter); %s needs TensorFlow" % name)


class _Part(_types.ModuleType):
    """A module below tf."""

    def __init__(self, name: str, **attributes: _typing.Any) -> None:
        super().__init__(name)
        self.__dict__.update(attributes)
        self.__spec__ = _machinery.ModuleSpec("tensorflow" + name[len("tf"):], None)

    def __getattr__(self, name: str) -> _typing.Any:
        raise _missing("%s.%s" % (self.__name__, name))


_names = {name: getattr(_interpreter, name) for name in (
    "Delegate", "Interpreter", "InterpreterWithCustomOps", "OpResolverType", "SignatureRunner",
    "load_delegate")}
lite = _Part(
    "tf.lite",
    Interpreter=_interpreter.Interpreter,
    OpResolverType=_interpreter.OpResolverType,
    experimental=_Part(
        "tf.lite.experimental",
        Delegate=_interpreter.Delegate,
        OpResolverType=_interpreter.OpResolverType,
        load_delegate=_interpreter.load_delegate,
    ),
    python=_Part(
        "tf.lite.python",
        interpreter=_Part("tf.lite.python.interpreter", **_names),
    ),
)
keras = _Part(
    "tf.keras",
    Sequential=_layers.Sequential,
    layers=_Part("tf.keras.layers", Layer=_layers.Layer),
)


def __getattr__(name: str) -> _typing.Any:
    raise _missing("tf." + name)
