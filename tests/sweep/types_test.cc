// SPDX-License-Identifier: Apache-2.0
// Models with each of their tensors in turn of another type: an operator that does not look at the
// type of an input reads too far, which sanitizers see.
//
// usage: types_test N FOLDER      each N-th model in it
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/edit.h"
#include "tests/support/exercise.h"
#include "tests/support/files.h"
#include "tests/support/model_builder.h"

namespace pipit::test {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFile = 32 << 10;
constexpr size_t kArenaBytes = size_t{1} << 20;

// Smaller than most, larger than most, and none of numbers.
constexpr edit::TensorType kTypes[] = {edit::TensorType::INT8,   edit::TensorType::FLOAT8_E5M2,
                                       edit::TensorType::INT64,  edit::TensorType::FLOAT32,
                                       edit::TensorType::STRING, edit::TensorType::RESOURCE};

int try_types(const fs::path& path, Span<uint8_t> arena, int* tried) {
  const std::vector<uint8_t> good = read_file(path);
  if (good.size() > kMostFile || !Model::parse(in_memory(good)->span()).ok()) return 0;
  edit::ModelT model = unpacked(good);
  int failures = 0;
  for (auto& graph : model.subgraphs) {
    for (auto& tensor : graph->tensors) {
      const edit::TensorType own = tensor->type;
      for (const edit::TensorType type : kTypes) {
        if (type == own) continue;
        tensor->type = type;
        const std::vector<uint8_t> file = packed(model);
        const std::string wrong = exercise_copy(
            {file.data(), file.size()}, {.arena = arena, .seed = file.size(), .twice = true});
        ++*tried;
        if (wrong.empty()) continue;
        ++failures;
        std::printf("FAILED: %s, '%s' as %s: %s\n", path.c_str(), tensor->name.c_str(),
                    edit::EnumNameTensorType(type), wrong.c_str());
      }
      tensor->type = own;
    }
  }
  return failures;
}

int run(size_t every, const fs::path& folder) {
  alignas(16) static uint8_t arena[kArenaBytes];
  const std::vector<fs::path> files = models_below(folder, every);
  int failures = 0, tried = 0;
  for (const fs::path& file : files) failures += try_types(file, {arena, kArenaBytes}, &tried);
  std::printf("%zu models, %d changed, %d failures\n", files.size(), tried, failures);
  return failures == 0 && tried != 0 ? 0 : 1;
}

}  // namespace
}  // namespace pipit::test

int main(int argc, char** argv) {
  if (argc != 3 || std::atoi(argv[1]) < 1) return 2;
  return pipit::test::run(static_cast<size_t>(std::atoi(argv[1])), argv[2]);
}
