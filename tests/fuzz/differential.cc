// SPDX-License-Identifier: Apache-2.0
// Runs spoilt models twice: with portable kernels, and with the best that the CPU has, for half of
// them in shares. What comes out must be the same: integers to the bit, and floats too, but for
// kernels that may add in another order or have functions of their own.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "tests/conformance/compare.h"
#include "tests/fuzz/spoil.h"
#include "tests/support/busy_team.h"
#include "tests/support/exercise.h"
#include "tests/support/fields.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/small_models.h"
#include "tests/support/survive.h"
#include "tflite_edit_generated.h"

namespace pipit::test {
namespace {

namespace fs = std::filesystem;
using edit::BuiltinOperator;
using File = std::vector<uint8_t>;

constexpr size_t kArenaBytes = size_t{1} << 18;
constexpr size_t kLargestFile = size_t{1} << 16;
constexpr unsigned kMostSeconds = 60;  // of one model, in an emulator

// Operators whose kernels for floats add in another order than the portable ones, or have functions
// of their own.
constexpr BuiltinOperator kInexact[] = {
    BuiltinOperator::AVERAGE_POOL_2D,
    BuiltinOperator::BATCH_MATMUL,
    BuiltinOperator::BIDIRECTIONAL_SEQUENCE_LSTM,
    BuiltinOperator::BIDIRECTIONAL_SEQUENCE_RNN,
    BuiltinOperator::CONV_2D,
    BuiltinOperator::DEPTHWISE_CONV_2D,
    BuiltinOperator::ELU,
    BuiltinOperator::EXP,
    BuiltinOperator::FULLY_CONNECTED,
    BuiltinOperator::GELU,
    BuiltinOperator::HARD_SWISH,
    BuiltinOperator::LOG_SOFTMAX,
    BuiltinOperator::LOGISTIC,
    BuiltinOperator::LSTM,
    BuiltinOperator::MEAN,
    BuiltinOperator::RESIZE_BILINEAR,
    BuiltinOperator::RNN,
    BuiltinOperator::SOFTMAX,
    BuiltinOperator::SVDF,
    BuiltinOperator::TANH,
    BuiltinOperator::TRANSPOSE_CONV,
    BuiltinOperator::UNIDIRECTIONAL_SEQUENCE_LSTM,
    BuiltinOperator::UNIDIRECTIONAL_SEQUENCE_RNN,
};

// How far results may lie apart. Behind other operators a small distance may become any.
struct Allowance {
  bool comparable = true;
  double tolerance = 0;
};

BuiltinOperator builtin(const edit::OperatorCode& code) {
  return std::max(code.builtin_code(),
                  static_cast<BuiltinOperator>(code.deprecated_builtin_code()));
}

template <class List>
uint32_t count(const List* list) {
  return list == nullptr ? 0 : list->size();
}

// The largest magnitude among a tensor's constants.
double largest(const edit::Model& model, const edit::Tensor& t) {
  double most = 1;
  if (t.buffer() >= count(model.buffers())) return most;
  const auto* data = model.buffers()->Get(t.buffer())->data();
  for (uint32_t at = 0; at + sizeof(float) <= count(data); at += sizeof(float)) {
    float value;
    std::memcpy(&value, data->data() + at, sizeof(value));
    most = std::isnan(value) ? INFINITY : std::max(most, std::fabs(double{value}));
  }
  return most;
}

bool inexact(const edit::Model& model) {
  for (uint32_t i = 0; i < count(model.operator_codes()); ++i) {
    const auto code = builtin(*model.operator_codes()->Get(i));
    if (std::find(std::begin(kInexact), std::end(kInexact), code) != std::end(kInexact))
      return true;
  }
  return false;
}

Allowance allowance(const File& file) {
  const edit::Model& model = *edit::GetModel(file.data());
  uint32_t operators = 0;
  double most = 0;  // none, as long as there are no floats
  for (uint32_t i = 0; i < count(model.subgraphs()); ++i) {
    const edit::SubGraph& graph = *model.subgraphs()->Get(i);
    operators += count(graph.operators());
    for (uint32_t k = 0; k < count(graph.tensors()); ++k) {
      const edit::Tensor& t = *graph.tensors()->Get(k);
      if (t.type() == edit::TensorType::FLOAT32) most = std::max(most, largest(model, t));
    }
  }
  if (most == 0 || !inexact(model)) return {};
  constexpr double kOfOneSum = 0x1p-20;
  const double tolerance = kOfOneSum * static_cast<double>(file.size()) * most;
  return {operators == 1 && tolerance < 1, tolerance};
}

class Differential {
 public:
  explicit Differential(const fs::path& cases)
      : arena_(kArenaBytes, Against::kUpperGuard, 16),
        bytes_(kLargestFile, Against::kUpperGuard, 16) {
    for (const auto& entry : fs::directory_iterator(cases)) {
      if (!entry.is_directory()) continue;
      for (const fs::path& model : small_models(entry.path())) {
        const File file = read_file(model);
        if (well_formed(file)) models_.push_back({with_all_fields(file), model});
      }
    }
    // The file system's order is any.
    std::sort(models_.begin(), models_.end(),
              [](const Model& a, const Model& b) { return a.path < b.path; });
    if (models_.empty()) throw std::runtime_error("no models in " + cases.string());
  }

  // Returns what is wrong, or "". The same number makes the same model.
  std::string attempt(uint64_t number) {
    Random random(number);
    const Model& model = models_[random.below(models_.size())];
    const File file = spoilt(model.file, random);
    if (file.size() > kLargestFile) return "";
    path_ = model.path;
    last_ = file;
    std::string wrong;
    const std::string crash = survive(kMostSeconds, [&] { wrong = run_both(file, random.bits()); });
    return crash.empty() ? wrong : crash;
  }

  // Of the last attempt.
  const fs::path& path() const { return path_; }
  const File& file() const { return last_; }
  uint64_t compared() const { return compared_; }
  uint64_t refused() const { return refused_; }

 private:
  struct Model {
    File file;
    fs::path path;
  };

  static File spoilt(File file, Random& random) {
    for (int i = random.between(0, 3); i > 0 && well_formed(file); --i) {
      if (random.one_in(3)) {
        file = spoil_structure(file, random);
      } else {
        spoil_numbers(file, random);
      }
    }
    return file;
  }

  std::string run_both(const File& file, uint64_t seed) {
    const Allowance allowed = well_formed(file) ? allowance(file) : Allowance();
    Outcome portable, best;
    std::string wrong = run(
        file, {.arena = arena_.span(), .seed = seed, .cpu = kCpuPortable, .outcome = &portable});
    if (!wrong.empty()) return wrong;
    Team* team = seed >> 63 == 0 ? busy_team() : nullptr;
    wrong = run(file, {.arena = arena_.span(), .seed = seed, .team = team, .outcome = &best});
    return wrong.empty() ? difference(portable, best, allowed) : wrong;
  }

  std::string run(const File& file, Exercise how) {
    uint8_t* const at = bytes_.data() + (kLargestFile - file.size()) / 16 * 16;
    std::copy(file.begin(), file.end(), at);
    how.tame = true;
    return exercise({at, file.size()}, how);
  }

  std::string difference(const Outcome& portable, const Outcome& best, const Allowance& allowed) {
    // Kernels differ in the memory that they need.
    for (const Code code : {portable.planned, best.planned, portable.ran, best.ran}) {
      if (code == Code::kArenaTooSmall) return "";
    }
    if (portable.planned != best.planned) return "only one was refused";
    if (portable.planned != Code::kOk) return ++refused_, "";
    if (portable.ran != best.ran) return "only one failed";
    ++compared_;
    for (size_t i = 0; i < portable.outputs.size(); ++i) {
      const auto& want = portable.outputs[i];
      const auto& got = best.outputs[i];
      Tensor t = got.tensor;
      t.data = const_cast<uint8_t*>(got.bytes.data());
      if (t.type != want.tensor.type || t.shape != want.tensor.shape) return "other shapes";
      // What nobody computes, or only stands for something.
      if (t.storage == Storage::kNone || t.type == Type::kResource || t.type == Type::kVariant)
        continue;
      if (!allowed.comparable) continue;
      const Difference d = compare(t, want.bytes, allowed.tolerance);
      if (!d.equal) return "output " + std::to_string(i) + ": " + d.text;
    }
    return "";
  }

  GuardedBuffer<uint8_t> arena_;
  GuardedBuffer<uint8_t> bytes_;
  std::vector<Model> models_;
  fs::path path_;
  File last_;
  uint64_t compared_ = 0;
  uint64_t refused_ = 0;
};

void write(const fs::path& to, const File& file) {
  std::ofstream out(to, std::ios::binary);
  out.write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  if (!out.flush()) throw std::runtime_error("cannot write " + to.string());
}

int run(uint64_t count, uint64_t first, const fs::path& cases, const char* findings_folder) {
  constexpr int kMostFindings = 20;
  Differential differential(cases);
  int findings = 0;
  uint64_t done = 0;
  for (; done < count && findings < kMostFindings; ++done) {
    const std::string wrong = differential.attempt(first + done);
    if (wrong.empty()) continue;
    ++findings;
    std::printf("number %llu, made from %s: %s\n", static_cast<unsigned long long>(first + done),
                differential.path().c_str(), wrong.c_str());
    if (findings_folder == nullptr) continue;
    write(fs::path(findings_folder) / (std::to_string(first + done) + ".tflite"),
          differential.file());
  }
  std::printf("%llu models with %s: %llu ran with both, %llu were refused; %d findings\n",
              static_cast<unsigned long long>(done), isa_name(detect_cpu()),
              static_cast<unsigned long long>(differential.compared()),
              static_cast<unsigned long long>(differential.refused()), findings);
  return findings == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace
}  // namespace pipit::test

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    std::fprintf(stderr, "usage: differential COUNT FIRST_NUMBER CASES [FOLDER_FOR_FINDINGS]\n");
    return 2;
  }
  try {
    return pipit::test::run(std::strtoull(argv[1], nullptr, 10),
                            std::strtoull(argv[2], nullptr, 10), argv[3], argv[4]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "differential: %s\n", error.what());
    return 2;
  }
}
