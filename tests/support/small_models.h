// SPDX-License-Identifier: Apache-2.0
// Small models of each operator, from the conformance cases.
#pragma once

#include <algorithm>
#include <vector>

#include "tests/support/files.h"

namespace pipit::test {

// Some of the models in an operator's folder: the smallest ones, and some from all over the rest.
inline std::vector<std::filesystem::path> small_models(const std::filesystem::path& folder) {
  namespace fs = std::filesystem;
  constexpr size_t kMost = 16, kLargest = 4096;
  struct Candidate {
    size_t bytes;
    fs::path model;
  };
  std::vector<Candidate> list;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().filename() == "model.tflite" && entry.file_size() <= kLargest) {
      list.push_back({static_cast<size_t>(entry.file_size()), entry.path()});
    }
  }
  std::sort(list.begin(), list.end(), [](const Candidate& a, const Candidate& b) {
    return a.bytes != b.bytes ? a.bytes < b.bytes : a.model < b.model;
  });
  std::vector<fs::path> chosen;
  const size_t step = std::max<size_t>(1, list.size() / kMost);
  for (size_t i = 0; i < list.size(); i += step) chosen.push_back(list[i].model);
  return chosen;
}

}  // namespace pipit::test
