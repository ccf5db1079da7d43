// SPDX-License-Identifier: Apache-2.0
// Integer LSTM cells, whose results no cell of floats has: of recorded cases, the quantization of
// one tensor after the other is changed. docs/quantization.md says what becomes of it; the table
// comes of QUANTIZATION_MD=FILE here, too.
#include "pipit/interpreter.h"
#include "tests/quantization/doc.h"
#include "tests/support/edit.h"
#include "tests/support/files.h"
#include "tests/support/net.h"
#include "tests/support/place.h"
#include "tests/support/random.h"

namespace pipit::test {
namespace {

using Bytes = std::vector<uint8_t>;
using Quant = edit::QuantizationParametersT;

int64_t zero_point(const Quant& q) { return q.zero_point.empty() ? 0 : q.zero_point[0]; }

// As the columns of the other table: zero point, scale, scales, scales and zero points, none.
void change(int column, int32_t channels, Quant* q) {
  const int64_t z = zero_point(*q) + (column == 0 || column == 3 ? 5 : 0);
  if (column == 4) *q = {};
  if (column == 0) q->zero_point = {z};
  if (column == 1) q->scale[0] *= 1.5f;
  if (column != 2 && column != 3) return;
  q->zero_point.assign(static_cast<size_t>(channels), z);
  while (q->scale.size() < q->zero_point.size()) q->scale.push_back(q->scale.back() * 1.5f);
}

class Cell {
 public:
  explicit Cell(const std::string& name)
      : bytes_(read_file(place(CONFORMANCE_CASES) + "/" + name + "/model.tflite")),
        good_(unpacked(bytes_)) {
    const edit::OperatorT& op = *good_.subgraphs[0]->operators[0];
    for (size_t i = 0; i < op.inputs.size(); ++i) add(op.inputs[i], "input " + std::to_string(i));
    for (size_t i = 0; i < op.intermediates.size(); ++i) {
      add(op.intermediates[i], "intermediate " + std::to_string(i));
    }
    for (size_t i = 0; i < op.outputs.size(); ++i)
      add(op.outputs[i], "output " + std::to_string(i));
    usual_ = results(bytes_, nullptr);
    EXPECT_FALSE(usual_.empty());
  }

  std::string rows(const std::string& title) const {
    std::string table;
    for (const auto& [tensor, name] : tensors_) {
      table += "| " + title + " | " + name + " |";
      for (int c = 0; c < 5; ++c) table += " " + verdict(tensor, c) + " |";
      table += "\n";
    }
    return table;
  }

 private:
  void add(int32_t tensor, const std::string& name) {
    if (tensor < 0) return;
    const auto at = static_cast<size_t>(tensor);
    const edit::TensorT& t = *good_.subgraphs[0]->tensors[at];
    if (t.quantization != nullptr && t.quantization->scale.size() == 1)
      tensors_.push_back({at, name});
  }

  std::string verdict(size_t tensor, int column) const {
    edit::ModelT model = unpacked(bytes_);
    edit::TensorT& t = *model.subgraphs[0]->tensors[tensor];
    const int32_t channels = t.shape.empty() ? 1 : t.shape[0];
    if ((column == 2 || column == 3) && channels < 2) return "-";
    change(column, channels, t.quantization.get());
    std::string why;
    const Bytes got = results(packed(model), &why);
    if (!got.empty()) return got == usual_ ? "not read" : "read";
    EXPECT_NE(why.find("LSTM"), std::string::npos) << why;
    return "refused";
  }

  // All outputs of two invocations; nothing if the model is refused.
  static Bytes results(const Bytes& file, std::string* why) {
    Net net(file);
    Bytes all;
    if (why != nullptr) *why = net.why();
    if (!net.ok()) return all;
    Random random(1);
    for (int round = 0; round < 2; ++round) {
      const Tensor& in = *net.interpreter().input(0);
      for (size_t i = 0; i < in.bytes; ++i)
        in.as<uint8_t>()[i] = static_cast<uint8_t>(random.bits());
      EXPECT_TRUE(net.invoke()) << net.why();
      for (int i = 0; i < net.interpreter().outputs(); ++i) {
        const Bytes out = net.get<uint8_t>(i);
        all.insert(all.end(), out.begin(), out.end());
      }
    }
    return all;
  }

  Bytes bytes_;
  edit::ModelT good_;
  std::vector<std::pair<size_t, std::string>> tensors_;
  Bytes usual_;
};

TEST(Quantization, OfIntegerCellsIsWhatTheTableSays) {
  expect_in_doc(Cell("unidirectional_sequence_lstm/int8_all_t1").rows("LSTM | int8") +
                Cell("unidirectional_sequence_lstm/int16_0_t1").rows("LSTM | int16") +
                Cell("lstm/basic_kernel_uint8_t1").rows("LSTM | uint8, basic"));
}

}  // namespace
}  // namespace pipit::test
