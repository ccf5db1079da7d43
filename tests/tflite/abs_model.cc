// SPDX-License-Identifier: Apache-2.0
// Writes a model of one ABS over two floats: abs_model FILE
#include <fstream>

#include "tests/support/model_builder.h"

int main(int argc, char** argv) {
  using pipit::test::ModelBuilder;
  if (argc != 2) return 2;
  ModelBuilder b;
  const pipit::test::TensorSpec spec = {.type = pipit::Type::kFloat32,
                                        .shape = pipit::Shape::of(2)};
  const int in = b.tensor(spec), out = b.tensor(spec);
  b.builtin_node(pipit::fb::BuiltinOperator::ABS, {in}, {out});
  b.inputs({in});
  b.outputs({out});
  const std::vector<uint8_t> file = b.finish();
  std::ofstream(argv[1], std::ios::binary)
      .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
  return 0;
}
