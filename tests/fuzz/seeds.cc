// SPDX-License-Identifier: Apache-2.0
// Makes the seed corpus of fuzz_model: small models of each operator, with every field written out,
// and some of operators that no recorded case has.
//
// usage: fuzz_seeds CASES FOLDER
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/fields.h"
#include "tests/support/model_builder.h"
#include "tests/support/small_models.h"

namespace pipit::test {
namespace {

namespace fs = std::filesystem;

void write_seed(const std::vector<uint8_t>& file, const fs::path& to) {
  const std::vector<uint8_t> seed = with_all_fields(file);
  std::ofstream out(to, std::ios::binary);
  out.write(reinterpret_cast<const char*>(seed.data()), static_cast<std::streamsize>(seed.size()));
  if (!out.flush()) throw std::runtime_error("cannot write " + to.string());
}

size_t write_seeds(const fs::path& folder, const fs::path& to) {
  size_t written = 0;
  for (const fs::path& model : small_models(folder)) {
    const std::vector<uint8_t> file = read_file(model);
    if (!well_formed(file)) continue;
    write_seed(file, to / (folder.filename().string() + "." + std::to_string(written++)));
  }
  return written;
}

// What follows the buffer does not run each time.
std::vector<uint8_t> circular_buffer() {
  ModelBuilder b;
  const auto tensor = [&](int slots) {
    return b.tensor({.type = Type::kInt8,
                     .shape = Shape::of(1, slots, 1, 3),
                     .scales = {1},
                     .zero_points = {0}});
  };
  const int in = tensor(1), slots = tensor(4), out = tensor(4);
  b.node("CIRCULAR_BUFFER", {in}, {slots});
  b.builtin_node(fb::BuiltinOperator::RELU, {slots}, {out});
  b.inputs({in});
  b.outputs({slots, out});
  return b.finish();
}

// A code of 8 elements, and a table of one of the three kinds.
std::vector<uint8_t> decode(uint8_t kind, uint8_t parameter) {
  ModelBuilder b;
  std::vector<uint8_t> table = {kind, 1, 0, 0, 1, parameter, 4};
  table.resize(16);
  table.insert(table.end(), {0x61, 0x88, 0x62, 0x88, 0x63, 0x88, 0x64, 0x88});
  const int code = b.tensor({.type = Type::kUInt8, .shape = Shape::of(2), .bytes = {0x1B, 0xE4}});
  const int values =
      b.tensor({.type = Type::kUInt8, .shape = Shape::of(table.size()), .bytes = table});
  const int out =
      b.tensor({.type = Type::kInt8, .shape = Shape::of(8), .scales = {1}, .zero_points = {0}});
  b.node("TFLM_DECODE", {code, values}, {out});
  b.inputs({});
  b.outputs({out});
  return b.finish();
}

void write_own_seeds(const fs::path& to) {
  write_seed(circular_buffer(), to / "circular_buffer.0");
  write_seed(decode(0, 2), to / "decode.0");       // a lookup by two bits
  write_seed(decode(1, 1 << 4), to / "decode.1");  // Huffman's code, of two bits
  write_seed(decode(2, 0), to / "decode.2");       // pruned
}

int run(const fs::path& cases, const fs::path& to) {
  fs::create_directories(to);
  write_own_seeds(to);
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
