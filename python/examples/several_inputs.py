# SPDX-License-Identifier: Apache-2.0
"""A model with several inputs and outputs: several_inputs.py MODEL"""

import sys

import numpy as np
import tflite_runtime.interpreter as tflite

if len(sys.argv) < 2:
    sys.exit(__doc__)

interpreter = tflite.Interpreter(model_path=sys.argv[1])
interpreter.allocate_tensors()

for number, detail in enumerate(interpreter.get_input_details()):
    interpreter.set_tensor(detail["index"], np.full(detail["shape"], number + 1, detail["dtype"]))

interpreter.invoke()

for number, detail in enumerate(interpreter.get_output_details()):
    print(f"Output {number + 1} ({detail['name']}):", interpreter.get_tensor(detail["index"]))
