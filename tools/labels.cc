// SPDX-License-Identifier: Apache-2.0
#include "tools/labels.h"

#include <algorithm>

#include "tools/failure.h"
#include "tools/format.h"
#include "tools/io.h"

namespace pipit::tools {

std::vector<std::string> read_labels(const std::string& path) {
  constexpr size_t kLimit = size_t{16} << 20;
  const std::vector<uint8_t> file = read_file(path, kLimit);
  if (file.size() > kLimit) throw Failure(kBadInput, path + ": is too large for a list of labels");
  if (std::find(file.begin(), file.end(), 0) != file.end()) {
    throw Failure(kBadInput, path + ": is no list of labels, which is text");
  }
  return parse_labels(file);
}

std::vector<std::string> parse_labels(const std::vector<uint8_t>& file) {
  std::vector<std::string> labels;
  for (auto at = file.begin(); at != file.end();) {
    const auto end = std::find(at, file.end(), '\n');
    std::string label(at, end);
    while (!label.empty() && (label.back() == '\r' || label.back() == ' ')) label.pop_back();
    labels.push_back(printable(label));
    at = end == file.end() ? end : end + 1;
  }
  return labels;
}

}  // namespace pipit::tools
