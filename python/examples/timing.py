# SPDX-License-Identifier: Apache-2.0
"""How long an inference takes, and which operators take it: timing.py MODEL [ITERATIONS]"""

import sys
import time

import numpy as np
import tflite_runtime.interpreter as tflite

if len(sys.argv) < 2:
    sys.exit(__doc__)

interpreter = tflite.Interpreter(model_path=sys.argv[1])
interpreter.allocate_tensors()
detail = interpreter.get_input_details()[0]

num_iterations = int(sys.argv[2]) if len(sys.argv) > 2 else 100
total_time = 0.0
for _ in range(num_iterations):
    input_data = np.random.rand(*detail["shape"]).astype(detail["dtype"])
    interpreter.set_tensor(detail["index"], input_data)
    start_time = time.time()
    interpreter.invoke()
    total_time += time.time() - start_time

print(f"Average inference time: {total_time / num_iterations:.4f} seconds")
for row in sorted(interpreter.profile(), key=lambda r: -r["seconds"])[:5]:
    print(f"  {row['op_name']:24} {row['variant']:10} {row['seconds'] * 1e6:8.1f} us")
