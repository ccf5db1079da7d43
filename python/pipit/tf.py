# SPDX-License-Identifier: Apache-2.0
"""What programs that run models use of TensorFlow: `from pipit import tf`, then tf.lite.Interpreter."""

import types as _types

from . import interpreter as _interpreter

lite = _types.SimpleNamespace(
    Interpreter=_interpreter.Interpreter,
    OpResolverType=_interpreter.OpResolverType,
    experimental=_types.SimpleNamespace(
        Delegate=_interpreter.Delegate,
        OpResolverType=_interpreter.OpResolverType,
        load_delegate=_interpreter.load_delegate,
    ),
)


def __getattr__(name):
    raise AttributeError("pipit.tf runs models (tf.lite.Interpreter); tf.%s needs TensorFlow" % name)
