# SPDX-License-Identifier: Apache-2.0
"""ONNX's Loop and Scan become their rounds one after the other, or say why they cannot."""

import unittest

import numpy as np
from onnx_graphs import Graph, kinds, run

from pipit.convert.format.graph import ConvertError


def loop_body(stop=None):
    """h = tanh(h W + i), and h as it was; goes on while i < stop. W is c0 of the graph around it."""
    body = Graph(prefix="body/")
    i, go, h = body.input("i", dtype=np.int64), body.input("go", dtype=np.bool_), body.input("h", 1, 3)
    if stop is not None:
        go = body.node("Less", i, body.constant(stop, np.int64))
    step = body.node("Add", body.node("MatMul", h, "c0"), body.node("Cast", i, to=1))
    for y in (body.node("Identity", go), body.node("Tanh", step), body.node("Identity", h)):
        body.output(y)
    return body


def looped(count="", go="", stop=None, outputs=2):
    g = Graph()
    x = g.input("x", 1, 3)
    g.weights(3, 3)
    body = loop_body(stop)
    count = count if count == "" else g.constant(count, np.int64)
    go = go if go == "" else g.constant(go, np.bool_)
    made = g.node("Loop", count, go, x, outputs=2, body=body)
    for each in made[:outputs]:
        g.output(each)
    w = np.frombuffer(g.constants[0]["raw_data"], np.float32).reshape(3, 3)
    return g, w


def wanted(x, w, rounds):
    before = []
    for i in range(rounds):
        before.append(x)
        x = np.tanh(x @ w + i)
    return x, np.stack(before)


X = np.float32([[0.5, -1, 0.25]])


class Loops(unittest.TestCase):

    def check(self, g, w, rounds):
        model = g.convert()
        last, all_before = run(model, X)
        expected = wanted(X, w, rounds)
        np.testing.assert_allclose(last, expected[0], atol=1e-6)
        np.testing.assert_allclose(all_before, expected[1], atol=1e-6)
        self.assertEqual(kinds(model).count("TANH"), rounds)

    def test_a_number_of_rounds(self):
        self.check(*looped(count=4), 4)
        self.check(*looped(count=4, go=True), 4)

    def test_a_condition_that_can_be_followed(self):
        self.check(*looped(go=True, stop=2), 3)
        self.check(*looped(count=2, go=True, stop=5), 2)

    def test_no_rounds(self):
        for given in ({"count": 0}, {"count": 5, "go": False}):
            g, _ = looped(**given, outputs=1)
            np.testing.assert_array_equal(run(g.convert(), X)[0], X)
            with self.assertRaisesRegex(ConvertError, "'/node/0' .Loop.: has no rounds"):
                looped(**given)[0].convert()

    def test_rounds_that_nobody_knows(self):
        g, _ = looped(count=3)
        g.nodes[0]["input"][0] = g.input("count", dtype=np.int64)
        with self.assertRaisesRegex(ConvertError, "node '/node/0' .Loop.: input 0 .'count'. is computed"):
            g.convert()
        g, _ = looped()
        with self.assertRaisesRegex(ConvertError, "more than 1024 rounds"):
            g.convert()
        g, body = Graph(), loop_body()
        x = g.input("x", 1, 3)
        g.weights(3, 3)
        total = body.node("ReduceSum", "h", keepdims=0)
        body.outputs[0] = {"name": body.node("Greater", total, body.constant(0, np.float32))}
        g.output(g.node("Loop", "", "", x, outputs=2, body=body)[0])
        with self.assertRaisesRegex(ConvertError, "Loop.: how many rounds it takes depends on values"):
            g.convert()

    def test_what_is_inside_is_named(self):
        g, _ = looped(count=3)
        g.nodes[0]["attribute"][0]["g"]["node"][1]["op_type"] = "NonZero"
        with self.assertRaisesRegex(ConvertError, r"unsupported operator NonZero \('/node/body/1'\)$"):
            g.convert()


class Scans(unittest.TestCase):

    def scanned(self, x, **how):
        g, body = Graph(), Graph(prefix="body/")
        h, part = body.input("h", 2), body.input("part", 2)
        total = body.node("Add", body.node("Mul", h, body.constant(0.5, np.float32)), part)
        body.output(total)
        body.output(body.node("Neg", total))
        made = g.node("Scan", g.constant(np.zeros(2), np.float32), g.input("x", *x.shape), outputs=2,
                      body=body, num_scan_inputs=1, **how)
        for each in made:
            g.output(each)
        return run(g.convert(), x)

    def test_along_each_axis_and_backwards(self):
        x = np.arange(10, dtype=np.float32).reshape(5, 2)
        for back in (0, 1):
            h, sums = np.zeros(2, np.float32), []
            for part in x[::-1] if back else x:
                h = h / 2 + part
                sums.append(-h)
            last, made = self.scanned(x, scan_input_directions=[back])
            np.testing.assert_allclose(last, h)
            np.testing.assert_allclose(made, np.stack(sums))
            last, made = self.scanned(x.T.copy(), scan_input_axes=[1], scan_input_directions=[back],
                                      scan_output_axes=[1], scan_output_directions=[1])
            np.testing.assert_allclose(last, h)
            np.testing.assert_allclose(made, np.stack(sums[::-1], 1))

    def test_open_sizes(self):
        g, body = Graph(), Graph(prefix="body/")
        body.output(body.node("Neg", body.input("part", 2)))
        g.output(g.node("Scan", g.input("x", "n", 2), body=body, num_scan_inputs=1))
        with self.assertRaisesRegex(ConvertError, "an unknown number of rounds"):
            g.convert()


if __name__ == "__main__":
    unittest.main()
