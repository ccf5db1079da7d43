// SPDX-License-Identifier: Apache-2.0
// `pipit export-keras`: hands the work to the Python package, which does it for Python programs,
// too.
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>

#include "tools/commands.h"
#include "tools/failure.h"
#include "tools/io.h"

namespace pipit::tools {
namespace {

constexpr char kFooter[] =
    R"(Writes model.json and weights.bin, which TensorFlow.js loads as a layers model and whose model_config
Keras takes by model_from_json(), and weights.npz. Weights become real numbers; layers keep their names.
An operator that no Keras layer expresses is named, and nothing is written.

It runs python3 with the package `pipit` and numpy.

Examples:
  pipit export-keras model.tflite -o keras)";

struct Settings {
  std::string model, folder;
};

// Only when the package is not there does Python come back from this with a line of its own.
constexpr char kProgram[] = R"py(import sys
try:
    from pipit import export_keras
except (ImportError, OSError) as error:
    print("pipit: export-keras needs Python's package pipit: %s (install it, or let PYTHONPATH name "
          "the folder `python` of a build)" % error, file=sys.stderr)
    sys.exit(6)
sys.exit(export_keras.main(sys.argv[1:])))py";

[[noreturn]] void become_python(const Settings& set) {
  flush_output();
  // Names that begin with a dash are files all the same.
  execlp("python3", "python3", "-c", kProgram, "--output-dir", set.folder.c_str(), "--",
         set.model.c_str(), static_cast<char*>(nullptr));
  throw Failure(kFailed, errno == ENOENT ? "export-keras needs python3, which is not here"
                                         : "python3 cannot be run");
}

}  // namespace

void add_export_keras(CLI::App& pipit) {
  auto set = std::make_shared<Settings>();
  CLI::App* app = pipit.add_subcommand("export-keras", "Rebuilds a Keras model from a file");
  app->footer(kFooter);
  app->add_option("MODEL", set->model, "The .tflite file")->required()->type_name("");
  app->add_option("-o,--output-dir", set->folder, "Where the files go; made if need be")
      ->required()
      ->type_name("DIR");
  app->callback([set] { become_python(*set); });
}

}  // namespace pipit::tools
