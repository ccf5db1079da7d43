// SPDX-License-Identifier: Apache-2.0
// Gives the models of each operator tensors of very many items that are empty: they take no bytes,
// so nothing but the number of items tells what a walk over them takes. Such a model is planned and
// run, or refused, and either at once.
//
// usage: empty_test MODELS FOLDER...     the conformance cases; at most MODELS of each operator
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/limits.h"
#include "tests/support/edit.h"
#include "tests/support/exercise.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/small_models.h"
#include "tests/support/survive.h"

namespace pipit::test {
namespace {

// As many as tensors of one, four and eight bytes may have.
constexpr int32_t kMany[] = {kMostItems, kMostItems / 4, kMostItems / 8};
// So small that nothing takes long that is computed in it.
constexpr size_t kArenaBytes = size_t{1} << 16;
constexpr unsigned kMostSeconds = 1;
// Networks show nothing that their operators do not, and have too many tensors to try each.
constexpr size_t kMostTensors = 24;

using Dims = std::vector<int32_t>;

bool is_empty(const Dims& shape) { return std::find(shape.begin(), shape.end(), 0) != shape.end(); }

// A tensor that had other bytes becomes an input, or has none.
void reshape(edit::ModelT& model, edit::SubGraphT& graph, size_t index, const Dims& shape) {
  edit::TensorT& t = *graph.tensors[index];
  if (shape == t.shape) return;
  t.shape = shape;
  t.shape_signature.clear();
  t.sparsity.reset();
  if (t.buffer == 0 || model.buffers[t.buffer]->data.empty()) return;
  t.buffer = 0;
  if (!is_empty(shape)) graph.inputs.push_back(static_cast<int32_t>(index));
}

class Emptied {
 public:
  explicit Emptied(const std::filesystem::path& path)
      : name_(path.parent_path().string()),
        file_(read_file(path)),
        good_(unpacked(file_)),
        arena_(kArenaBytes, Against::kUpperGuard, 16) {}

  bool small() const { return good_.subgraphs[0]->tensors.size() <= kMostTensors; }

  // All dimensions of one size become empty and all of another one many, so that what belongs
  // together stays so.
  void sizes() {
    std::set<int32_t> sizes;
    for (const auto& graph : good_.subgraphs) {
      for (const auto& t : graph->tensors) sizes.insert(t->shape.begin(), t->shape.end());
    }
    for (const int32_t none : sizes) {
      for (const int32_t many : sizes) {
        if (none != many) rename(none, many);
      }
    }
  }

  // One tensor alone.
  void tensors() {
    for (size_t g = 0; g < good_.subgraphs.size(); ++g) {
      std::set<int32_t> read;
      for (const auto& op : good_.subgraphs[g]->operators) {
        read.insert(op->inputs.begin(), op->inputs.end());
      }
      for (const int32_t t : read) {
        if (t >= 0) one_tensor(g, static_cast<size_t>(t));
      }
    }
  }

  size_t tried() const { return tried_; }
  size_t failures() const { return failures_; }

 private:
  void rename(int32_t none, int32_t many) {
    const std::string change =
        std::to_string(none) + " becomes 0 and " + std::to_string(many) + " ";
    for (const int32_t n : kMany) {
      attempt(change + std::to_string(n), [&](size_t, size_t, Dims shape) {
        for (int32_t& size : shape) size = size == none ? 0 : size == many ? n : size;
        return shape;
      });
    }
  }

  void one_tensor(size_t graph, size_t index) {
    const Dims& had = good_.subgraphs[graph]->tensors[index]->shape;
    std::vector<Dims> shapes;
    for (const int32_t n : kMany) {
      shapes.push_back({n, 0});
      shapes.push_back({0, n});
      for (size_t i = 0; i < had.size(); ++i) {
        for (size_t k = 0; k < had.size(); ++k) {
          if (i == k) continue;
          shapes.push_back(had);
          shapes.back()[i] = 0;
          shapes.back()[k] = n;
        }
      }
    }
    for (const Dims& shape : shapes) {
      std::string change = "tensor " + std::to_string(index) + " becomes";
      for (const int32_t size : shape) change += " " + std::to_string(size);
      attempt(change, [&](size_t g, size_t t, const Dims& old) {
        return g == graph && t == index ? shape : old;
      });
    }
  }

  void attempt(const std::string& change,
               const std::function<Dims(size_t graph, size_t tensor, const Dims& shape)>& shape) {
    edit::ModelT model = unpacked(file_);
    for (size_t g = 0; g < model.subgraphs.size(); ++g) {
      edit::SubGraphT& graph = *model.subgraphs[g];
      for (size_t i = 0; i < graph.tensors.size(); ++i) {
        reshape(model, graph, i, shape(g, i, graph.tensors[i]->shape));
      }
    }
    run(packed(model), change);
  }

  void run(const std::vector<uint8_t>& bytes, const std::string& change) {
    const GuardedBuffer<uint8_t> file(bytes.size(), Against::kUpperGuard, 16);
    std::copy(bytes.begin(), bytes.end(), file.data());
    set_current_name(change.c_str());
    std::string wrong;
    const std::string crash = survive(kMostSeconds, [&] {
      wrong = exercise(file.span(), {.arena = arena_.span(), .seed = ++tried_, .twice = true});
    });
    if (!crash.empty()) wrong = crash;
    if (wrong.empty()) return;
    ++failures_;
    std::printf("  FAILED: %s: %s: %s\n", name_.c_str(), change.c_str(), wrong.c_str());
  }

  std::string name_;
  std::vector<uint8_t> file_;
  edit::ModelT good_;
  GuardedBuffer<uint8_t> arena_;
  size_t tried_ = 0;
  size_t failures_ = 0;
};

bool empty_items(const std::string& folder, size_t most) {
  std::vector<std::filesystem::path> models = small_models(folder);
  models.resize(std::min(models.size(), most));
  size_t tried = 0, failures = 0;
  for (const auto& path : models) {
    Emptied emptied(path);
    if (!emptied.small()) continue;
    emptied.sizes();
    emptied.tensors();
    tried += emptied.tried();
    failures += emptied.failures();
  }
  std::printf("%6zu changes, %zu failures: %s\n", tried, failures, folder.c_str());
  return failures == 0;
}

}  // namespace
}  // namespace pipit::test

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: empty_test MODELS FOLDER...\n");
    return 2;
  }
  bool good = true;
  for (int i = 2; i < argc; ++i) {
    good = pipit::test::empty_items(argv[i], std::strtoul(argv[1], nullptr, 10)) && good;
  }
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
