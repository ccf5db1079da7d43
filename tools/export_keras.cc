// SPDX-License-Identifier: Apache-2.0
// `pipit export-keras`: Python's package rebuilds a Keras model from a file.
#include <memory>
#include <string>

#include "tools/commands.h"
#include "tools/python.h"

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

}  // namespace

void add_export_keras(CLI::App& pipit) {
  auto set = std::make_shared<Settings>();
  CLI::App* app = pipit.add_subcommand("export-keras", "Rebuilds a Keras model from a file");
  app->footer(kFooter);
  app->add_option("MODEL", set->model, "The .tflite file")->required()->type_name("");
  app->add_option("-o,--output-dir", set->folder, "Where the files go; made if need be")
      ->required()
      ->type_name("DIR");
  // Names that begin with a dash are files all the same.
  app->callback([set] {
    become_python("export-keras", {"--output-dir", set->folder, "--", set->model});
  });
}

}  // namespace pipit::tools
