// SPDX-License-Identifier: Apache-2.0
// Whole files in memory, and where models are, for tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

namespace pipit::test {

inline std::vector<uint8_t> read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The model files of a folder and those below it, in the order of their names: each `every`-th.
inline std::vector<std::filesystem::path> models_below(const std::filesystem::path& folder,
                                                       size_t every = 1) {
  std::vector<std::filesystem::path> models;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".tflite") models.push_back(entry.path());
  }
  std::sort(models.begin(), models.end());
  std::vector<std::filesystem::path> chosen;
  for (size_t i = 0; i < models.size(); i += every) chosen.push_back(models[i]);
  return chosen;
}

}  // namespace pipit::test
