# SPDX-License-Identifier: Apache-2.0
"""Models and pictures for the tests of the command, made with Python's standard library and flatc."""

import json
import math
import pathlib
import struct
import subprocess
import zlib

SCHEMA = pathlib.Path(__file__).resolve().parents[2] / "core" / "schema" / "tflite.fbs"


class Graph:
    """A subgraph under construction; write() makes files of one or more."""

    def __init__(self, name="main"):
        self.name = name
        self.tensors, self.operators, self.inputs, self.outputs = [], [], [], []

    def tensor(self, name, dtype, shape, data=None, scale=None, zero_point=0, **fields):
        """Adds a tensor and returns its index; `data` (bytes) makes it a constant."""
        entry = {"name": name, "type": dtype, "shape": shape, "data": data, **fields}
        if scale is not None:
            entry["quantization"] = {"scale": [scale], "zero_point": [zero_point]}
        self.tensors.append(entry)
        return len(self.tensors) - 1

    def op(self, code, inputs, outputs, options=None, **fields):
        """Adds an operator; a code in lower case is a custom one."""
        entry = {"code": code, "inputs": inputs, "outputs": outputs}
        if options is not None:
            entry |= {"builtin_options_type": options, "builtin_options": fields}
        self.operators.append(entry)

    def finish(self, buffers, codes):
        """The subgraph as the schema has it; adds to the model's lists what it needs."""
        tensors = []
        for t in self.tensors:
            t = dict(t)
            data = t.pop("data")
            t["buffer"] = 0
            if data is not None:
                t["buffer"] = len(buffers)
                buffers.append({"data": list(data)})
            tensors.append(t)
        operators = []
        for o in self.operators:
            o = dict(o)
            code = o.pop("code")
            if code not in codes:
                codes.append(code)
            operators.append(o | {"opcode_index": codes.index(code)})
        return {"name": self.name, "tensors": tensors, "operators": operators,
                "inputs": self.inputs, "outputs": self.outputs}


def write(flatc, path, *graphs, **fields):
    """Writes a model of these subgraphs to `path`; `fields` go into the model's table."""
    buffers, codes = [{}], []
    subgraphs = [g.finish(buffers, codes) for g in graphs]
    codes = [{"builtin_code": "CUSTOM", "deprecated_builtin_code": 32, "custom_code": c}
             if c.islower() else {"builtin_code": c} for c in codes]
    model = {"version": 3, "operator_codes": codes, "subgraphs": subgraphs, "buffers": buffers}
    source = pathlib.Path(path).with_suffix(".json")
    source.write_text(json.dumps(model | fields), encoding="utf-8")
    subprocess.run([flatc, "--binary", "-o", source.parent, SCHEMA, source], check=True)
    return str(path)


def add_model(name="main", code="ADD"):
    """y = a + b, four floats each (or another operator of two inputs)."""
    g = Graph(name)
    g.inputs = [g.tensor("a", "FLOAT32", [1, 4]), g.tensor("b", "FLOAT32", [1, 4])]
    g.outputs = [g.tensor("y", "FLOAT32", [1, 4])]
    g.op(code, g.inputs, g.outputs, code.capitalize() + "Options")
    return g


def flatten_model(dtype, shape, **quantization):
    """A picture as one row: what goes in comes out."""
    g = Graph()
    g.inputs = [g.tensor("picture", dtype, shape, **quantization)]
    count = math.prod(shape)
    g.outputs = [g.tensor("row", dtype, [1, count], **quantization)]
    g.op("RESHAPE", g.inputs + [g.tensor("shape", "INT32", [2], struct.pack("<2i", 1, count))],
         g.outputs)
    return g


def tile_model():
    """1024 floats repeated as often as the second input says: a shape known only while running."""
    g = Graph()
    g.inputs = [g.tensor("x", "FLOAT32", [1024]), g.tensor("times", "INT32", [1])]
    g.outputs = [g.tensor("y", "FLOAT32", [1])]
    g.op("TILE", g.inputs, g.outputs)
    return g


def gather_model():
    """y = x[i]: fails while running when i is out of range."""
    g = Graph()
    g.inputs = [g.tensor("x", "FLOAT32", [4]), g.tensor("i", "INT32", [2])]
    g.outputs = [g.tensor("y", "FLOAT32", [2])]
    g.op("GATHER", g.inputs, g.outputs, "GatherOptions")
    return g


def loop_models():
    """while a <= 0: a += b, so zeros never end; a model is all three subgraphs."""
    def numbers(g):
        return [g.tensor(name, "INT32", []) for name in "ab"]
    main, cond, body = (Graph(name) for name in ("main", "cond", "body"))
    main.inputs, main.outputs = numbers(main), numbers(main)
    main.op("WHILE", main.inputs, main.outputs, "WhileOptions", cond_subgraph_index=1,
            body_subgraph_index=2)
    cond.inputs, cond.outputs = numbers(cond), [cond.tensor("yes", "BOOL", [])]
    cond.op("LESS_EQUAL", [cond.inputs[0], cond.tensor("zero", "INT32", [], bytes(4))], cond.outputs,
            "LessEqualOptions")
    body.inputs = numbers(body)
    body.outputs = [body.tensor("sum", "INT32", []), body.inputs[1]]
    body.op("ADD", body.inputs, body.outputs[:1], "AddOptions")
    return main, cond, body


def pools_model(pools=4):
    """Averages of 3x3 numbers, again and again: what lies between can be a few rows."""
    g = Graph()
    last = g.tensor("x", "FLOAT32", [1, 128, 16, 32])
    g.inputs = [last]
    for i in range(pools):
        stride = 2 if i == pools - 1 else 1
        y = g.tensor(f"y{i}", "FLOAT32", [1, 128 // stride, 16 // stride, 32])
        g.op("AVERAGE_POOL_2D", [last], [y], "Pool2DOptions", padding="SAME", stride_w=stride,
             stride_h=stride, filter_width=3, filter_height=3)
        last = y
    g.outputs = [last]
    return g


def lstm_model():
    """One cell whose weights are 0, but that of the input's candidate, 1.

    So all gates stand at a half: c = c / 2 + tanh(x) / 2 and y = tanh(c) / 2, with c a variable.
    """
    g = Graph()
    x = g.tensor("x", "FLOAT32", [1, 1, 1])
    zero = g.tensor("zero", "FLOAT32", [1, 1], struct.pack("<f", 0))
    one = g.tensor("one", "FLOAT32", [1, 1], struct.pack("<f", 1))
    bias = g.tensor("bias", "FLOAT32", [1], struct.pack("<f", 0))
    states = [g.tensor(name, "FLOAT32", [1, 1], is_variable=True) for name in ("h", "c")]
    y = g.tensor("y", "FLOAT32", [1, 1, 1])
    g.inputs, g.outputs = [x], [y]
    inputs = ([x, zero, zero, one, zero] + [zero] * 4 + [-1] * 3 + [bias] * 4 + [-1] * 2 + states +
              [-1] * 4)
    g.op("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [y], "UnidirectionalSequenceLSTMOptions",
         fused_activation_function="TANH")
    return g


def missing_model(names):
    """A chain of custom operators that no build has."""
    g = Graph()
    g.inputs = [g.tensor("x", "FLOAT32", [1])]
    last = g.inputs[0]
    for name in names:
        y = g.tensor("y", "FLOAT32", [1])
        g.op(name, [last], [y])
        last = y
    g.outputs = [last]
    return g


def huge_model():
    """Forty inputs of 2 GiB each: more than any machine of ours addresses."""
    g = Graph()
    g.inputs = [g.tensor(f"x{i}", "UINT8", [2**31 - 2**16]) for i in range(40)]
    g.outputs = [g.inputs[0]]
    return g


def npy(descr, shape, data, fortran=False, version=1):
    """A .npy file."""
    header = f"{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape!r}, }}"
    size = 10 if version == 1 else 12
    header += " " * (-(size + len(header) + 1) % 64) + "\n"
    length = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + length + header.encode() + data


def png(width, height, samples, after=0):
    """An RGB picture; `samples` are width * height * 3 bytes, and `after` of zeros follow them."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
    row = 3 * width
    rows = b"".join(b"\0" + samples[row * y:row * (y + 1)] for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    stream, piece = zlib.compressobj(), 1 << 20
    data = stream.compress(rows) + b"".join(
        stream.compress(bytes(min(piece, after - at))) for at in range(0, after, piece))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data + stream.flush()) +
            chunk(b"IEND", b""))


def bmp(width, height, samples):
    """The same picture as a 24-bit BMP: rows from below, blue first, padded to four bytes."""
    rows = b""
    for y in reversed(range(height)):
        row = samples[3 * width * y:3 * width * (y + 1)]
        rows += b"".join(row[i:i + 3][::-1] for i in range(0, len(row), 3)) + bytes(-len(row) % 4)
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(rows), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(rows), 0, 0, 54) + info + rows


def jpeg(level):
    """A grey square of 8x8: one block whose only coefficient is the mean."""
    def segment(marker, data):
        return bytes([0xff, marker]) + struct.pack(">H", len(data) + 2) + data
    mean = level - 128  # the coefficient is 8 times that, and the quantizer 8
    size = abs(mean).bit_length()
    # Code of the size, its bits (negative numbers: all bits of -mean inverted), end of block.
    bits = f"{size:04b}" + (f"{mean if mean > 0 else mean + (1 << size) - 1:0{size}b}" if size else "")
    bits += "0"
    bits += "1" * (-len(bits) % 8)
    scan = bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8)).replace(b"\xff", b"\xff\0")
    return (b"\xff\xd8" + segment(0xdb, b"\0" + bytes([8] * 64)) +
            segment(0xc0, struct.pack(">BHHBBBB", 8, 8, 8, 1, 1, 0x11, 0)) +
            segment(0xc4, b"\x00" + bytes([0, 0, 0, 12] + [0] * 12) + bytes(range(12))) +
            segment(0xc4, b"\x10" + bytes([1] + [0] * 15) + b"\0") +
            segment(0xda, bytes([1, 1, 0, 0, 63, 0])) + scan + b"\xff\xd9")
