# SPDX-License-Identifier: Apache-2.0
"""Says what is in a picture: classify_image.py MODEL PICTURE [LABELS]

Needs Pillow (python3-pil). A float model gets its pixels as numbers from -1 to 1, a quantized one from
0 to 1 by way of its own scale: what most models were trained with; see what yours wants.
"""

import sys

import numpy as np
import tflite_runtime.interpreter as tflite
from PIL import Image

if len(sys.argv) < 3:
    sys.exit(__doc__)


def preprocess_image(path, detail):
    """The picture in the model's size: [1, height, width, channels]."""
    _, height, width, channels = detail["shape"]
    image = Image.open(path).convert("L" if channels == 1 else "RGB").resize((width, height))
    pixels = np.asarray(image, np.float32).reshape(1, height, width, channels)
    return pixels / 127.5 - 1 if detail["dtype"] == np.float32 else pixels / 255


def softmax(scores):
    e = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


interpreter = tflite.Interpreter(model_path=sys.argv[1])
interpreter.allocate_tensors()
detail = interpreter.get_input_details()[0]

scores = interpreter.run_float(preprocess_image(sys.argv[2], detail))[0]
probabilities = scores if abs(scores.sum() - 1) < 0.05 else softmax(scores)
predicted_class = int(np.argmax(probabilities))
if len(sys.argv) > 3:
    with open(sys.argv[3], encoding="utf-8") as labels:
        print("Predicted class:", labels.read().splitlines()[predicted_class])
else:
    print("Predicted class:", predicted_class)
