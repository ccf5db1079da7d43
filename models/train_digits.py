#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Trains the digits classifier and writes everything about it in this folder.

Float and int8 .tflite files, sample pictures, and stored answers of the int8 model. The same
machine gives the same bytes each time; --check proves it against the files that are here.
Needs Debian's python3-sklearn (for its data set), python3-flatbuffers, flatbuffers-compiler.
"""

import argparse
import json
import os
import pathlib
import struct
import sys
import zlib

# One thread, so that sums are added in one order. Must be set before numpy is loaded.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
from sklearn.datasets import load_digits

import convnet
import graph
import int8
from tflite_writer import Quant

HERE = pathlib.Path(__file__).resolve().parent
SEED = 2024
EPOCHS = 60
BATCH = 32
RATE = 3e-3
DECAY = 0.05
JITTER = 0.8  # pixels
SAMPLES_PER_CLASS = 2

# real = pixel / 255, so that q = pixel - 128 without any rounding.
INPUT_QUANT = Quant([int8.float32(1 / 255)], [-128])

LABELS = "zero one two three four five six seven eight nine".split()
DESCRIPTION = "Handwritten digits, 8x8 grayscale, bright on dark; {}. By models/train_digits.py"

# ---- Data --------------------------------------------------------------------------------------


def load_pixels():
    """-> pixels [1797, 8, 8, 1] as uint8, labels [1797]. The data set counts 0..16 a pixel."""
    digits = load_digits()
    return np.rint(digits.images * 255 / 16).astype(np.uint8)[..., None], digits.target


def split(labels, rng):
    """-> indices to train with and indices held out: one in five of every class, at random."""
    held_out = []
    for digit in range(10):
        members = rng.permutation(np.flatnonzero(labels == digit))
        held_out.extend(members[:round(len(members) / 5)])
    held_out = np.sort(held_out)
    return np.setdiff1d(np.arange(len(labels)), held_out), held_out


def jitter(x, rng):
    """Moves every picture by up to JITTER pixels in each direction, with linear interpolation."""
    for axis in (1, 2):
        shift = rng.uniform(-JITTER, JITTER, (len(x), 1, 1, 1))
        padded = np.pad(x, [(0, 0)] + [(1, 1) if a == axis else (0, 0) for a in (1, 2)] + [(0, 0)])
        before, here, after = (np.take(padded, range(i, i + 8), axis) for i in range(3))
        x = here + np.abs(shift) * (np.where(shift > 0, before, after) - here)
    return x


# ---- Network -----------------------------------------------------------------------------------


def make_layers(rng):
    """8x8x1 -> 6x6x16 -> 6x6x24 -> 3x3x24 -> 3x3x24 -> 3x3x48 -> 432 -> 10.

    The first layer takes no padding, which lets to_nodes() move the range of the input exactly.
    """
    return [convnet.Conv(rng, 3, 1, 16, "VALID"), convnet.Conv(rng, 3, 16, 24, "SAME"),
            convnet.MaxPool(2), convnet.Depthwise(rng, 3, 24, "SAME"),
            convnet.Conv(rng, 1, 24, 48, "SAME"), convnet.Flatten(),
            convnet.Dense(rng, 432, 10)]


def train(layers, x, labels, rng):
    """Adam with a cosine schedule over EPOCHS passes."""
    optimizer = convnet.Adam(layers, DECAY)
    batches = len(x) // BATCH
    for epoch in range(EPOCHS):
        order = rng.permutation(len(x))
        loss = 0
        for chosen in np.split(order[:batches * BATCH], batches):
            loss += convnet.backward(layers, jitter(x[chosen], rng), labels[chosen])
            progress = optimizer.steps / (EPOCHS * batches)
            optimizer.step(RATE / 2 * (1 + np.cos(np.pi * progress)))
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1:3}: loss {loss / batches:.4f}", flush=True)


def round_weights(layers):
    """To multiples of 2^-12: the last bits, which depend on the order of sums, do not survive."""
    for layer in layers:
        for parameter in layer.params():
            parameter[...] = np.rint(parameter * 4096) / 4096


def to_nodes(layers, low=0.0, high=1.0):
    """The network as graph nodes, for pixels scaled to [low, high] instead of [0, 1]."""
    conv1, conv2, _, dw, pw, _, dense = layers
    scale = 1 / (high - low)
    w1 = conv1.weights * scale
    b1 = conv1.bias - low * w1.sum(axis=(1, 2, 3))
    return [
        graph.conv("image", "conv1", w1, b1, padding="VALID"),
        graph.conv("conv1", "conv2", conv2.weights, conv2.bias),
        graph.pool("MAX_POOL_2D", "conv2", "pool", 2),
        graph.depthwise("pool", "depthwise", dw.weights, dw.bias),
        graph.conv("depthwise", "pointwise", pw.weights, pw.bias),
        graph.reshape("pointwise", "features", [1, 432]),
        graph.fully_connected("features", "logits", dense.weights, dense.bias),
        graph.softmax("logits", "scores"),
    ]


# ---- Output ------------------------------------------------------------------------------------


def png(pixels):
    """[H, W] uint8 -> an 8-bit grayscale PNG."""
    def chunk(kind, data):
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    height, width = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)  # 0: no filter
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) +
            chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def sample_indices(labels):
    """The first few of every class, as {file name: index}."""
    return {f"digit_{digit}_{k}.png": int(index)
            for digit in range(10)
            for k, index in enumerate(np.flatnonzero(labels == digit)[:SAMPLES_PER_CLASS])}


def cases_json(chosen, names, values, labels, summary):
    """Answers of the int8 model for the held-out pictures `chosen`, one case a line."""
    def case(i):
        entry = {"label": int(labels[i]), "class": int(values["logits"][i].argmax()),
                 "logits": values["logits"][i].tolist(), "scores": values["scores"][i].tolist()}
        return {"image": names[i], **entry} if i in names else entry

    head = json.dumps({"model": "digits_int8.tflite", "inputs": "digits_int8.in0.bin",
                       "input_shape": [1, 8, 8, 1], **summary})
    lines = ",\n".join("  " + json.dumps(case(i)) for i in chosen)
    return f'{head[:-1]},\n "cases": [\n{lines}\n]}}\n'


def check_input_quant():
    """Every pixel value p must become p - 128."""
    pixels = np.arange(256)
    if (int8.quantize(pixels / 255, INPUT_QUANT) != pixels - 128).any():
        raise ValueError("the scale of the input does not map pixels to integers one by one")


def build():
    """-> {file name: bytes} of everything this script makes."""
    check_input_quant()
    pixels, labels = load_pixels()
    rng = np.random.default_rng(SEED)
    train_set, held_out = split(labels, rng)
    x = pixels / 255
    layers = make_layers(rng)
    train(layers, x[train_set], labels[train_set], rng)
    round_weights(layers)

    nodes, float_nodes = to_nodes(layers), to_nodes(layers, -1.0, 1.0)
    values = graph.run_all(nodes, graph.run_float, "image", x[train_set])
    shapes = {name: [1, *value.shape[1:]] for name, value in values.items()}
    quants = graph.activation_quants(nodes, values, "image", INPUT_QUANT)

    truth = labels[held_out]
    q = (pixels[held_out].astype(np.int16) - 128).astype(np.int8)
    answers = graph.run_all(nodes, lambda node, v: graph.run_int8(node, v, quants), "image", q)
    floats = graph.run_all(float_nodes, graph.run_float, "image", pixels[held_out] / 127.5 - 1)
    summary = {"trained_on": len(train_set), "held_out": len(truth),
               "float_correct": int((floats["logits"].argmax(axis=1) == truth).sum()),
               "int8_correct": int((answers["logits"].argmax(axis=1) == truth).sum())}
    report(summary)

    samples = sample_indices(truth)
    names = {index: name for name, index in samples.items()}
    wrong = np.flatnonzero(answers["logits"].argmax(axis=1) != truth)
    chosen = list(names) + [int(i) for i in wrong if i not in names]
    files = {f"samples/{name}": png(pixels[held_out[i], :, :, 0]) for name, i in samples.items()}
    int8_description = DESCRIPTION.format("int8 input is pixel - 128")
    float_description = DESCRIPTION.format("float input is pixel / 127.5 - 1")
    return files | {
        "digits_int8.tflite": graph.write_model(nodes, shapes, "image", int8_description, quants,
                                                "INT8"),
        "digits_float.tflite": graph.write_model(float_nodes, shapes, "image", float_description),
        "digits_labels.txt": ("\n".join(LABELS) + "\n").encode(),
        "digits_int8.in0.bin": q[chosen].tobytes(),
        "digits_cases.json": cases_json(chosen, names, answers, truth, summary).encode(),
    }


def report(summary):
    """Prints the measured accuracy."""
    total = summary["held_out"]
    for kind in ("float", "int8"):
        correct = summary[f"{kind}_correct"]
        print(f"{kind:5} held-out accuracy: {correct} of {total} = {correct / total:.2%}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("-o", "--output", type=pathlib.Path, default=HERE,
                        help="folder to write to (default: this script's)")
    parser.add_argument("--check", action="store_true",
                        help="write nothing; fail if a file in the folder differs")
    arguments = parser.parse_args()

    files = build()
    different = 0
    for name, data in files.items():
        path = arguments.output / name
        if not arguments.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        elif not path.exists() or path.read_bytes() != data:
            different += 1
            print(f"{path} is not what this script makes", file=sys.stderr)
    print(f"{len(files)} files", f"compared, {different} differ" if arguments.check else "written")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
