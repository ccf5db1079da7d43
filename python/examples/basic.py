# SPDX-License-Identifier: Apache-2.0
"""Loads a model, gives it random numbers, and prints what comes out: basic.py MODEL"""

import sys

import numpy as np
import tflite_runtime.interpreter as tflite

if len(sys.argv) < 2:
    sys.exit(__doc__)

interpreter = tflite.Interpreter(model_path=sys.argv[1])
interpreter.allocate_tensors()

input_details = interpreter.get_input_details()
output_details = interpreter.get_output_details()

input_shape = input_details[0]["shape"]
input_data = np.random.rand(*input_shape).astype(input_details[0]["dtype"])

interpreter.set_tensor(input_details[0]["index"], input_data)
interpreter.invoke()
output_data = interpreter.get_tensor(output_details[0]["index"])

print(f"Output shape: {output_data.shape}")
print(output_data)
