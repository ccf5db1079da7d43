// SPDX-License-Identifier: Apache-2.0
// Hands a subcommand over to Python.
#include "tools/python.h"

#include <unistd.h>

#include <cerrno>

#include "tools/failure.h"
#include "tools/io.h"

namespace pipit::tools {
namespace {

// Only when the package is not there does Python come back from this with a line of its own.
constexpr char kProgram[] = R"py(import sys
try:
    from pipit.__main__ import COMMANDS
except (ImportError, OSError) as error:
    print("pipit: %s needs Python's package pipit: %s (install it, or let PYTHONPATH name "
          "the folder `python` of a build)" % (sys.argv[1], error), file=sys.stderr)
    sys.exit(6)
sys.exit(COMMANDS[sys.argv[1]](sys.argv[2:])))py";

}  // namespace

void become_python(const std::string& command, const std::vector<std::string>& arguments) {
  flush_output();
  std::vector<const char*> words = {"python3", "-c", kProgram, command.c_str()};
  for (const std::string& word : arguments) words.push_back(word.c_str());
  words.push_back(nullptr);
  execvp("python3", const_cast<char**>(words.data()));
  throw Failure(kFailed, errno == ENOENT ? command + " needs python3, which is not here"
                                         : "python3 cannot be run");
}

}  // namespace pipit::tools
