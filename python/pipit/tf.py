# SPDX-License-Identifier: Apache-2.0
"""What programs that run models use of TensorFlow: `from pipit import tf`, then tf.lite.Interpreter.
tf.keras has no more than it takes to call an interpreter as a layer."""

import types as _types

from . import _layers
from . import interpreter as _interpreter


def _missing(name):
    return AttributeError("pipit.tf runs models (tf.lite.Interpreter); %s needs TensorFlow" % name)


class _Part(_types.SimpleNamespace):
    """A module below tf, `_name`."""

    def __getattr__(self, name):
        raise _missing("%s.%s" % (self._name, name))


lite = _Part(
    _name="tf.lite",
    Interpreter=_interpreter.Interpreter,
    OpResolverType=_interpreter.OpResolverType,
    experimental=_Part(
        _name="tf.lite.experimental",
        Delegate=_interpreter.Delegate,
        OpResolverType=_interpreter.OpResolverType,
        load_delegate=_interpreter.load_delegate,
    ),
)
keras = _Part(
    _name="tf.keras",
    Sequential=_layers.Sequential,
    layers=_Part(_name="tf.keras.layers", Layer=_layers.Layer),
)


def __getattr__(name):
    raise _missing("tf." + name)
