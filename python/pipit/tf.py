# SPDX-License-Identifier: Apache-2.0
"""What programs that run and convert models use of TensorFlow: `from pipit import tf`, then
tf.lite.Interpreter and tf.lite.TFLiteConverter. tf.keras has no more than it takes to call an
interpreter as a layer, and to name a model's file for the converter."""

import importlib as _importlib
import importlib.machinery as _machinery
import logging as _logging
import types as _types
import typing as _typing

from . import _layers
from . import _types as _numbers
from . import interpreter as _interpreter

__version__ = "2.99.0+pipit"


def get_logger() -> _logging.Logger:
    """For programs that set how much TensorFlow says."""
    return _logging.getLogger("tensorflow")


def _missing(name: str) -> AttributeError:
    return AttributeError("pipit.tf runs models (tf.lite.Interpreter) and converts them "
                          "(tf.lite.TFLiteConverter); %s needs TensorFlow" % name)


class _Part(_types.ModuleType):
    """A module below tf. `_late`: names that are those of the converter, which is loaded for them."""

    def __init__(self, name: str, _late: _typing.Optional[_typing.Dict[str, str]] = None,
                 **attributes: _typing.Any) -> None:
        super().__init__(name)
        self.__dict__.update(attributes)
        self.__dict__["_late"] = _late or {}
        self.__spec__ = _machinery.ModuleSpec("tensorflow" + name[len("tf"):], None)

    def __getattr__(self, name: str) -> _typing.Any:
        if name not in self.__dict__.get("_late", {}):
            raise _missing("%s.%s" % (self.__name__, name))
        converter = _importlib.import_module("pipit.convert.converter")
        value = getattr(converter, self.__dict__["_late"][name])
        setattr(self, name, value)
        return value


_names = {name: getattr(_interpreter, name) for name in (
    "Delegate", "Interpreter", "InterpreterWithCustomOps", "OpResolverType", "SignatureRunner",
    "load_delegate")}
_CONVERTER = {name: name for name in (
    "Optimize", "OpsSet", "RepresentativeDataset", "TFLiteConverter", "TargetSpec")}
lite = _Part(
    "tf.lite", _CONVERTER,
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
    models=_Part("tf.keras.models", {"load_model": "KerasFile"}, Sequential=_layers.Sequential),
)
saved_model = _Part("tf.saved_model", {"save": "save_model"})
compat = _Part("tf.compat", v1=_Part("tf.compat.v1", lite=lite))

if _numbers.np is not None:
    float16, float32, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64 = (
        _numbers.np.float16, _numbers.np.float32, _numbers.np.float64,
        _numbers.np.int8, _numbers.np.int16, _numbers.np.int32, _numbers.np.int64,
        _numbers.np.uint8, _numbers.np.uint16, _numbers.np.uint32, _numbers.np.uint64)


def __getattr__(name: str) -> _typing.Any:
    raise _missing("tf." + name)
