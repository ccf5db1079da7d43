// SPDX-License-Identifier: Apache-2.0
// `pipit convert`: Python's package makes a .tflite file of a trained model, and says how.
#include "tools/commands.h"
#include "tools/python.h"

namespace pipit::tools {

void add_convert(CLI::App& pipit) {
  CLI::App* app = pipit.add_subcommand("convert", "Makes a .tflite file of a trained model");
  // All options are Python's, and so is what --help says.
  app->set_help_flag();
  app->prefix_command();
  app->callback([app] { become_python("convert", app->remaining()); });
}

}  // namespace pipit::tools
