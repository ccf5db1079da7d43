// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/cases.h"

#include <cctype>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace pipit::test {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

std::string lower(std::string s) {
  for (char& c : s) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return s;
}

Shape shape_of(const Json& dims) {
  if (dims.size() > Shape::kMaxRank) throw std::runtime_error("a shape of rank " + dims.dump());
  Shape shape;
  for (const Json& d : dims) shape[shape.rank++] = d.get<int32_t>();
  return shape;
}

template <class T>
T value_or(const Json& object, const char* key, T otherwise) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? otherwise : found->get<T>();
}

std::vector<TensorFile> tensor_files(const Json& list) {
  std::vector<TensorFile> files;
  for (const Json& t : list) {
    files.push_back({value_or<std::string>(t, "file", ""), lower(t.at("dtype")),
                     shape_of(t.at("shape")), value_or(t, "tolerance", 0.0)});
  }
  return files;
}

Case case_of(const Json& json) {
  Case c;
  c.name = json.at("name");
  c.feature = value_or<std::string>(json, "feature", "");
  c.inputs = tensor_files(json.at("inputs"));
  if (json.contains("outputs")) c.outputs = tensor_files(json.at("outputs"));
  c.signature = value_or<std::string>(json, "signature", "");
  c.steps = value_or(json, "steps", 0);
  c.shape_only = value_or<std::string>(json, "check", "") == "shape";
  if (json.contains("resize")) {
    for (const auto& [input, dims] : json.at("resize").items()) {
      c.resize.push_back({.input = std::stoi(input), .shape = shape_of(dims)});
    }
  }
  return c;
}

Json cases_in(const fs::path& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  return Json::parse(in).at("cases");
}

}  // namespace

fs::path step_file(const Case& c, const TensorFile& t, int step) {
  if (c.steps == 0) return c.folder / t.file;
  const fs::path file = t.file;
  return c.folder / (file.stem().string() + "." + std::to_string(step) + file.extension().string());
}

std::vector<Case> load_operator(const fs::path& folder) {
  std::vector<Case> cases;
  for (const char* list : {"cases.json", "rejects.json"}) {
    if (!fs::exists(folder / list)) continue;
    for (const Json& json : cases_in(folder / list)) {
      Case c = case_of(json);
      c.folder = folder / c.name;
      c.reject = json.contains("why");
      if (c.reject) c.feature = json.at("why");
      cases.push_back(std::move(c));
    }
  }
  if (cases.empty()) throw std::runtime_error("no case in " + folder.string());
  return cases;
}

std::vector<Case> load_model_cases(const fs::path& folder) {
  std::vector<Case> cases;
  for (const Json& json : cases_in(folder / "cases.json")) {
    cases.push_back(case_of(json));
    cases.back().folder = folder;
  }
  return cases;
}

}  // namespace pipit::test
