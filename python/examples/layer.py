# SPDX-License-Identifier: Apache-2.0
"""An interpreter inside of an object that other code calls like a layer: layer.py MODEL"""

import sys

import numpy as np

from pipit import tf

if len(sys.argv) < 2:
    sys.exit(__doc__)


class InferenceLayer:
    """Calls a model on one array, whatever its number of rows."""

    def __init__(self, model_path):
        self.interpreter = tf.lite.Interpreter(model_path=model_path)
        self.interpreter.allocate_tensors()
        self.input_details = self.interpreter.get_input_details()
        self.output_details = self.interpreter.get_output_details()

    def __call__(self, inputs):
        index = self.input_details[0]["index"]
        self.interpreter.resize_tensor_input(index, inputs.shape)
        self.interpreter.allocate_tensors()
        self.interpreter.set_tensor(index, inputs)
        self.interpreter.invoke()
        return self.interpreter.get_tensor(self.output_details[0]["index"])


layer = InferenceLayer(sys.argv[1])
row = layer.input_details[0]["shape"][1:]
for rows in (1, 3):
    data = np.ones((rows, *row), layer.input_details[0]["dtype"])
    print(layer(data).shape)
