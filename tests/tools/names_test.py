# SPDX-License-Identifier: Apache-2.0
"""Names from files, and of files, that would do something to a terminal."""

import json
import os
import pathlib
import re
import struct

import small_models as small
from command_case import CommandTest

# What moves a cursor, ends a line or turns the order of what follows, and what is no UTF-8.
HOSTILE = (b"\x1b[2J\x07\x7f\r\n\t" + "\u009b2J\u0085\u061c\u200e\u200f\u2028\u202e\u2066".encode()
           + b"\xff\x9b\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xe2\x80" + "\u00e9".encode())
UNSAFE = re.compile("[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
SPOT = "N" * 80  # takes HOSTILE's place


def spoil(path, name=HOSTILE):
    """Gives the hostile name to all that is called SPOT."""
    file = pathlib.Path(path)
    file.write_bytes(file.read_bytes().replace(SPOT.encode(), name.ljust(len(SPOT), b"x")))
    return str(file)


def named_model(operator=None):
    """y = a + b, with every name in it SPOT."""
    g = small.add_model(SPOT)
    for t in g.tensors:
        t["name"] = SPOT
    if operator is not None:
        g.operators[0] = {"code": operator, "inputs": g.inputs, "outputs": g.outputs}
    signature = {"signature_key": SPOT, "subgraph_index": 0,
                 "inputs": [{"name": SPOT, "tensor_index": i} for i in range(2)],
                 "outputs": [{"name": SPOT, "tensor_index": 2}]}
    return g, {"description": SPOT, "signature_defs": [signature],
               "metadata": [{"name": SPOT, "buffer": 0}]}


class Names(CommandTest):
    def safe(self, text):
        self.assertIsNone(UNSAFE.search(text), text[:2000])
        return text

    def show(self, *arguments, status=0):
        """What it prints to either stream, which must be UTF-8, and do nothing to a terminal."""
        done = self.start(*arguments)
        out, err = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, status, err)
        self.safe(out + err)
        if status != 0:
            self.assertRegex(err, r"\Apipit: [^\n]+\n\Z")
            self.assertLess(len(err), 20000)
        return out + err

    def show_json(self, *arguments):
        text = self.show(*arguments, "--json")
        return json.loads(text)

    def picture(self):
        return self.path("x.png", small.png(2, 2, bytes(12)))

    def test_names_in_a_model(self):
        g, fields = named_model()
        model = spoil(self.model(g, **fields))
        for command in [["inspect"], ["run"], ["run", "--profile"]]:
            self.show(*command, model)
            self.show_json(*command, model)
        self.assertIn(r"\x1b[2J\x07\x7f", self.show("inspect", model))
        self.show("run", model, "--signature", "other", status=2)
        self.show("run", model, "--input", self.path("in.bin", b"short"), status=4)
        self.show("run", model, "--resize", "0=2x3", status=3)
        self.show("classify", model, self.picture(), status=4)
        self.show("export-keras", model, "-o", self.path("keras"), status=self.keras_status())
        self.show("run", model, "--dump-tensors", self.path("dump"))
        tensors = (self.dir / "dump" / "tensors.json").read_text(encoding="utf-8")
        self.assertEqual(len(json.loads(self.safe(tensors))), 3)

    def keras_status(self):
        """6 where Python's package is not there."""
        return self.start("export-keras", self.path("nowhere"), "-o", self.path("keras")).returncode

    def test_signatures_go_by_their_own_bytes(self):
        g, fields = named_model()
        model = spoil(self.model(g, **fields))
        key = HOSTILE.ljust(len(SPOT), b"x")
        done = self.start("run", model, "--signature", os.fsdecode(key), "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        json.loads(self.safe(done.stdout.decode()))

    def test_unknown_operators(self):
        g, fields = named_model(SPOT.lower())
        model = self.model(g, **fields)
        file = pathlib.Path(model)
        name = HOSTILE.ljust(len(SPOT), b"x")
        file.write_bytes(file.read_bytes().replace(SPOT.lower().encode(), name))
        spoil(model)
        self.assertIn("does not run", self.show("run", model, status=3))
        self.assertIn("not in this build", self.show("inspect", model))
        self.show_json("inspect", model)
        self.show("classify", model, self.picture(), status=3)

    def test_names_of_a_megabyte(self):
        long = "n" * (1 << 20)
        for operator in None, "n" * (1 << 20):
            g, fields = named_model(operator)
            for t in g.tensors:
                t["name"] = long
            fields["signature_defs"][0]["signature_key"] = long
            fields["metadata"][0]["name"] = fields["description"] = long
            model = self.model(g, **fields)
            self.assertGreater(len(self.show("inspect", model)), 1 << 20)
            self.show_json("inspect", model)
            self.show("run", model, "--signature", "other", status=2)
            if operator is not None:
                self.show("run", model, status=3)
                continue
            self.show_json("run", model)
            self.show("run", model, "--input", self.path("in.bin", b"short"), status=4)
            self.show("classify", model, self.picture(), status=4)

    def test_names_of_files(self):
        name = os.fsdecode(HOSTILE.replace(b"\0", b""))
        model = self.model(small.flatten_model("UINT8", [1, 2, 2, 3]))
        there = str(self.dir / (name + ".tflite"))
        os.rename(model, there)
        picture = self.path(name + ".png", small.png(2, 2, bytes(12)))
        values = self.path(name + ".bin", bytes(12))
        out = str(self.dir / (name + ".d"))
        for arguments in [["inspect", there], ["run", there, "--input", values, "--output-dir", out],
                          ["classify", there, picture]]:
            self.show(*arguments)
            self.show_json(*arguments)
        for missing in [["inspect", there + "x"], ["run", there + "x"],
                        ["classify", there + "x", picture]]:
            self.show(*missing, status=3)
        self.show("run", there, "--input", values + "x", status=4)
        self.show("classify", there, picture + "x", status=4)
        self.show("run", there, "--resize", name, status=2)
        self.show("run", there, "--isa", name, status=2)
        self.show("run", there, "--" + name, status=2)
        self.show(name, status=2)

    def test_labels(self):
        model = self.model(small.flatten_model("UINT8", [1, 2, 2, 3]))
        labels = self.path("labels.txt", b"\n".join([HOSTILE.replace(b"\n", b""), b"n" * (1 << 20), *[b"-"] * 10]))
        self.show("classify", model, self.picture(), "--labels", labels)
        self.show_json("classify", model, self.picture(), "--labels", labels)

    def test_names_of_variables(self):
        g = small.Graph()
        handles = []
        for i in range(2):
            handles.append(g.tensor(f"h{i}", "RESOURCE", []))
            g.op("VAR_HANDLE", [], [handles[-1]], "VarHandleOptions", container="", shared_name=SPOT)
        value = g.tensor("v", "FLOAT32", [1], struct.pack("<f", 1))
        other = g.tensor("w", "INT32", [1], struct.pack("<i", 1))
        y = g.tensor("y", "INT32", [1])
        g.op("ASSIGN_VARIABLE", [handles[0], value], [], "AssignVariableOptions")
        g.op("READ_VARIABLE", [handles[1]], [y], "ReadVariableOptions")
        g.op("ASSIGN_VARIABLE", [handles[0], other], [], "AssignVariableOptions")
        g.outputs = [y]
        model = spoil(self.model(g))
        done = self.start("run", model)
        self.safe(done.stdout.decode() + done.stderr.decode())
