// SPDX-License-Identifier: Apache-2.0
// Cases as the files cases.json and rejects.json describe them; README.md explains the keys.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipit/interpreter.h"

namespace pipit::test {

struct TensorFile {
  std::string file;  // "" when only type and shape are known
  std::string type;
  Shape shape;
  double tolerance = 0;
};

struct Case {
  std::filesystem::path folder;  // of model.tflite and the tensors
  std::string name;
  std::string feature;  // for a reject: why
  std::vector<TensorFile> inputs;
  std::vector<TensorFile> outputs;
  std::vector<InputShape> resize;
  std::string signature;  // "": the first subgraph
  int steps = 0;          // 0: one invocation, whose files have no number
  bool shape_only = false;
  bool reject = false;
};

// The file of one invocation: "in0.bin", or "in0.2.bin" where a case has steps.
std::filesystem::path step_file(const Case& c, const TensorFile& t, int step);

// The cases and rejects of one operator; `folder` holds a folder for each.
std::vector<Case> load_operator(const std::filesystem::path& folder);

// The cases of one real model; all files lie in `folder`.
std::vector<Case> load_model_cases(const std::filesystem::path& folder);

}  // namespace pipit::test
