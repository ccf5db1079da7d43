// SPDX-License-Identifier: Apache-2.0
// Makes the seed corpus of fuzz_model: small models of each operator, with every field written out.
//
// usage: fuzz_seeds CASES FOLDER
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/fields.h"
#include "tests/support/small_models.h"

namespace pipit::test {
namespace {

namespace fs = std::filesystem;

size_t write_seeds(const fs::path& folder, const fs::path& to) {
  size_t written = 0;
  for (const fs::path& model : small_models(folder)) {
    const std::vector<uint8_t> file = read_file(model);
    if (!well_formed(file)) continue;
    const std::vector<uint8_t> seed = with_all_fields(file);
    const std::string name = folder.filename().string() + "." + std::to_string(written++);
    std::ofstream out(to / name, std::ios::binary);
    out.write(reinterpret_cast<const char*>(seed.data()),
              static_cast<std::streamsize>(seed.size()));
    if (!out.flush()) throw std::runtime_error("cannot write " + (to / name).string());
  }
  return written;
}

int run(const fs::path& cases, const fs::path& to) {
  fs::create_directories(to);
  size_t written = 0;
  for (const auto& entry : fs::directory_iterator(cases)) {
    if (entry.is_directory()) written += write_seeds(entry.path(), to);
  }
  std::printf("%zu seeds\n", written);
  return written == 0 ? 1 : 0;
}

}  // namespace
}  // namespace pipit::test

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: fuzz_seeds CASES FOLDER\n");
    return 2;
  }
  try {
    return pipit::test::run(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fuzz_seeds: %s\n", error.what());
    return 1;
  }
}
