# SPDX-License-Identifier: Apache-2.0
"""Keras' masks: steps that a layer leaves out, as numpy leaves them out."""

import unittest

import keras_made as made
import numpy as np
from keras_made import functional, layer, sequential
from keras_reference import sigmoid
from keras_test import Case, run

from pipit.convert.format.graph import ConvertError

IDS = np.array([[0, 3, 0, 5, 6, 0]])
EMBEDDING = layer("Embedding", input_dim=7, output_dim=4, mask_zero=True)


def lstm_cell(x, states, w):
    i, f, g, o = np.split(x @ w[0] + states[0] @ w[1] + w[2], 4, -1)
    c = sigmoid(f) * states[1] + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru_cell(x, states, w):
    (bi, br), (h,) = w[2], states
    zx, rx, hx = np.split(x @ w[0] + bi, 3, -1)
    zh, rh, hh = np.split(h @ w[1] + br, 3, -1)
    z, r = sigmoid(zx + zh), sigmoid(rx + rh)
    return (z * h + (1 - z) * np.tanh(hx + r * hh),)


def masked(cell, x, there, w, states, zeros=False):
    """[1, step, unit], and the last states."""
    outputs = [np.zeros_like(states[0])]
    for t in range(x.shape[1]):
        new = cell(x[:, t], states, w)
        if there[t]:
            states = new
        outputs.append(new[0] if there[t] else np.zeros_like(new[0]) if zeros else outputs[-1])
    return np.stack(outputs[1:], 1), states


class Masks(Case):

    def setUp(self):
        super().setUp()
        self.table = self.numbers("", (7, 4))
        self.lstm = [self.numbers("", shape) for shape in ((4, 12), (3, 12), (12,))]
        self.gru = [self.numbers("", shape) for shape in ((4, 9), (3, 9), (2, 9))]
        self.zeros = (np.zeros((1, 3)),)

    def weights(self, **layers):
        names = ["%s/%s" % (side, part) for side in ("forward", "backward")
                 for part in ("kernel", "recurrent_kernel", "bias")]
        found = {name: list(zip(names, arrays)) for name, arrays in layers.items()}
        return dict(found, embedding=[("embeddings", self.table)])

    def outputs(self, document, weights, *inputs, name="m.h5"):
        return run(self.converted(self.file(name, document, weights)), *inputs)

    def test_the_last_output_of_an_lstm(self):
        for ids in (IDS, IDS[:, ::-1], np.zeros_like(IDS)):
            with self.subTest(ids=ids):
                got = self.outputs(sequential((6,), EMBEDDING, layer("LSTM", units=3)),
                                   self.weights(lstm=self.lstm), ids)[0]
                wanted, _ = masked(lstm_cell, self.table[ids], ids[0] != 0, self.lstm, self.zeros * 2)
                self.close(got, wanted[:, -1])

    def test_all_outputs_of_a_gru_and_what_comes_behind(self):
        for zeros in (False, True):
            gru = layer("GRU", units=3, reset_after=True, return_sequences=True,
                        zero_output_for_mask=zeros)
            between = (EMBEDDING, layer("Dropout", rate=0.5), gru)
            wanted, _ = masked(gru_cell, self.table[IDS], IDS[0] != 0, self.gru, self.zeros, zeros)
            self.close(self.outputs(sequential((6,), *between), self.weights(gru=self.gru), IDS)[0],
                       wanted)
            mean = layer("GlobalAveragePooling1D", keepdims=zeros)
            got = self.outputs(sequential((6,), *between, mean), self.weights(gru=self.gru), IDS)[0]
            self.close(got, wanted[:, IDS[0] != 0].mean(1, keepdims=zeros))

    def test_masking(self):
        x = self.numbers("", (1, 5, 4))
        x[0, [1, 4]] = -2
        x[0, 2, 0] = -2  # one number alone leaves nothing out
        document = functional(
            [made.start("x", 5, 4), (layer("Masking", mask_value=-2.0), ["x"]),
             (layer("GRU", units=3, reset_after=True), ["masking"])], ["x"], ["masking", "gru"])
        seen, last = self.outputs(document, self.weights(gru=self.gru), x)
        there = np.array([True, False, True, True, False])
        self.close(seen, x * there[:, None])
        self.close(last, masked(gru_cell, x, there, self.gru, self.zeros)[0][:, -1])

    def test_both_directions(self):
        back = [self.numbers("", each.shape) for each in self.lstm]
        both = layer("Bidirectional", "both", merge_mode="concat",
                     layer=layer("LSTM", units=3, return_sequences=True))
        got = self.outputs(sequential((6,), EMBEDDING, both, layer("GlobalAveragePooling1D")),
                           self.weights(both=self.lstm + back), IDS)[0]
        x, there = self.table[IDS], IDS[0] != 0
        y, _ = masked(lstm_cell, x, there, self.lstm, self.zeros * 2)
        z, _ = masked(lstm_cell, x[:, ::-1], there[::-1], back, self.zeros * 2)
        self.close(got, np.concatenate([y, z[:, ::-1]], -1)[:, there].mean(1))

    def test_states_that_come_from_elsewhere(self):
        """A decoder: before its first step there is a state, and no output."""
        each = layer("LSTM", units=3, return_sequences=True, return_state=True)
        call = [["embedding", 0, 0, {"initial_state": [["h", 0, 0], ["c", 0, 0]]}]]
        document = functional(
            [made.start("x", 6), made.start("h", 3), made.start("c", 3), (EMBEDDING, ["x"]), (each, call)],
            ["x", "h", "c"], [["lstm", 0, 0], ["lstm", 0, 1], ["lstm", 0, 2]])
        h, c = self.numbers("", (1, 3)), self.numbers("", (1, 3))
        got = self.outputs(document, self.weights(lstm=self.lstm), IDS, h, c)
        wanted, states = masked(lstm_cell, self.table[IDS], IDS[0] != 0, self.lstm, (h, c))
        for actual, expected in zip(got, (wanted, *states)):
            self.close(actual, expected)

    def test_as_keras_3_writes_it(self):
        """The mask is a tensor of the model: not_equal of the indices, a named argument behind."""
        document = functional([made.start("x", 6), (EMBEDDING, ["x"]), (layer("NotEqual"), ["x"]),
                               (layer("LSTM", units=3), ["embedding"])], ["x"], ["lstm"])
        new = made.new_style(document)
        layers = {each["name"]: each for each in new["config"]["layers"]}
        layers["notequal"]["inbound_nodes"][0]["args"].append(0)
        layers["lstm"]["inbound_nodes"][0]["kwargs"]["mask"] = {
            "class_name": "__keras_tensor__", "config": {"keras_history": ["notequal", 0, 0]}}
        path = self.folder / "m.keras"
        weights = {"layers/embedding/vars/0": self.table}
        weights.update(("layers/lstm/cell/vars/%d" % i, w) for i, w in enumerate(self.lstm))
        path.write_bytes(made.keras_bytes(new, weights))
        wanted, _ = masked(lstm_cell, self.table[IDS], IDS[0] != 0, self.lstm, self.zeros * 2)
        self.close(run(self.converted(path), IDS)[0], wanted[:, -1])

    def test_sums_of_masked_steps(self):
        """With a mask of its own, and beside a tensor that has none: Keras 2 takes the one there is."""
        document = functional(
            [made.start("x", 6), made.start("y", 6, 4), (EMBEDDING, ["x"]), (layer("Add"), ["embedding", "y"]),
             (layer("LSTM", units=3), ["add"])], ["x", "y"], ["lstm"])
        y = self.numbers("", (1, 6, 4))
        got = self.outputs(document, self.weights(lstm=self.lstm), IDS, y)[0]
        wanted, _ = masked(lstm_cell, self.table[IDS] + y, IDS[0] != 0, self.lstm, self.zeros * 2)
        self.close(got, wanted[:, -1])

    def test_what_is_refused(self):
        two = functional(
            [made.start("x", 6), made.start("y", 6, 4), (EMBEDDING, ["x"]), (layer("Masking"), ["y"]),
             (layer("Add"), ["embedding", "masking"]), (layer("LSTM", units=3), ["add"])],
            ["x", "y"], ["lstm"])
        for document, part in [
                (two, "layer lstm (LSTM): its input joins different masks"),
                (sequential((6,), EMBEDDING, layer("Attention")),
                 "layer attention (Attention): it leaves out steps by a mask"),
                (sequential((6,), EMBEDDING, layer("Softmax")), "layer softmax (Softmax): it leaves out")]:
            with self.subTest(part=part), self.assertRaises(ConvertError) as caught:
                self.model(self.file("m.h5", document, self.weights(lstm=self.lstm)))
            self.assertIn(part, str(caught.exception))


if __name__ == "__main__":
    unittest.main()
