// SPDX-License-Identifier: Apache-2.0
// Runs a model with the C++ interface: user_cpp MODEL
#include <pipit/file.h>
#include <pipit/interpreter.h>

#include <cstdio>

alignas(16) static uint8_t arena[1 << 20];

int main(int, char** argv) {
  pipit::MappedFile file;
  pipit::Message why;
  if (const char* error = file.open(argv[1])) return std::puts(error), 1;
  const auto model = pipit::Model::parse(file.bytes(), &why);
  if (!model.ok()) return std::puts(why.text()), 1;
  auto net = pipit::Interpreter::create(model.value(), arena, pipit::all_operators(), {}, &why);
  if (!net.ok() || !net.value().invoke(&why).ok()) return std::puts(why.text()), 1;
  std::printf("%d outputs\n", net.value().outputs());
  return 0;
}
