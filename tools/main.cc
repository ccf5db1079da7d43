// SPDX-License-Identifier: Apache-2.0
// The `pipit` command: reads the command line, and turns every failure into one line and a status.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "tools/commands.h"
#include "tools/failure.h"
#include "tools/format.h"
#include "tools/help.h"
#include "tools/io.h"
#include "tools/version.h"

namespace pipit::tools {
namespace {

constexpr char kFooter[] = R"(Examples:
  pipit inspect model.tflite       what is in the file, and what it takes
  pipit run model.tflite --input x.npy --output-dir out
  pipit plan model.tflite          where that memory goes
  pipit diff int8.tflite float.tflite   how far their operators' values differ
  pipit bench model.tflite         how fast it runs here, and where time goes
  pipit classify model.tflite cat.jpg --labels labels.txt
  pipit convert model.keras -o model.tflite   what was trained elsewhere
  pipit export-keras model.tflite -o keras    its layers and weights for Keras

`pipit COMMAND --help` says more. Exit status: 0 done; 2 wrong usage; 3 the model is refused; 4 an
input is unreadable, or has the wrong size or type; 5 out of memory; 6 failed while running, or the
output cannot be written.)";

// Names in it may be as long as a file.
constexpr size_t kMostOfALine = 16384;

int fail(int status, const std::string& line) {
  std::string shown = printable(line.substr(0, kMostOfALine));
  if (line.size() > kMostOfALine) shown += "...";
  std::fprintf(stderr, "pipit: %s\n", shown.c_str());
  return status;
}

std::string did_you_mean(const std::string& typed, const std::vector<std::string>& names) {
  const std::string meant = nearest(typed, names);
  return meant.empty() ? "" : "; did you mean " + meant + "?";
}

// What the first option that nobody knows may have been meant to be.
std::string meant_option(const CLI::App& app) {
  for (const std::string& word : app.remaining()) {
    if (word.size() < 2 || word[0] != '-') continue;
    return did_you_mean(word.substr(0, word.find('=')), option_names(app));
  }
  return "";
}

// What is wrong with the command line, and where to read how it is used.
std::string usage_line(const CLI::App& app, const CLI::ParseError& e, const char* first) {
  const auto chosen = app.get_subcommands();
  if (!chosen.empty()) {
    return e.what() + meant_option(*chosen[0]) + " (see pipit " + chosen[0]->get_name() +
           " --help)";
  }
  if (first != nullptr && first[0] != '-') {
    return std::string("no command '") + first + "'" + did_you_mean(first, command_names(app)) +
           " (see pipit --help)";
  }
  return e.what() + meant_option(app) + " (see pipit --help)";
}

// What the command has answered has to arrive, whatever it is.
int finish(int status) {
  try {
    flush_output();
  } catch (const Failure& e) {
    return fail(e.status(), e.what());
  }
  return status;
}

// The command line as the parser takes it, which reads `--name=` as if the next word were the
// value: scripts mean that there is none.
std::vector<std::string> backwards(int argc, char** argv) {
  std::vector<std::string> words;
  for (int i = argc - 1; i > 0; --i) {
    std::string word = argv[i];
    const bool empty = word.size() > 3 && word.compare(0, 2, "--") == 0 && word.back() == '=';
    if (empty) words.emplace_back();
    if (empty) word.pop_back();
    words.push_back(std::move(word));
  }
  return words;
}

int run(int argc, char** argv) {
  CLI::App app("Runs .tflite models.", "pipit");
  app.set_version_flag("--version", version_text);
  app.require_subcommand(1);
  app.footer(kFooter);
  app.formatter(std::make_shared<HelpFormatter>());
  add_run(app);
  add_bench(app);
  add_inspect(app);
  add_classify(app);
  add_convert(app);
  add_export_keras(app);
  add_plan(app);
  add_diff(app);
  add_man(app);
  try {
    app.parse(backwards(argc, argv));
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() != 0) return fail(kUsage, usage_line(app, e, argv[1]));
    app.exit(e);  // prints the help or the version
  }
  flush_output();
  return kSuccess;
}

}  // namespace
}  // namespace pipit::tools

int main(int argc, char** argv) {
  using pipit::tools::fail;
  // A limit to the size of files is then an error of the write, and cleaned up after.
  signal(SIGXFSZ, SIG_IGN);
  try {
    return pipit::tools::run(argc, argv);
  } catch (const pipit::tools::Ended& e) {
    return pipit::tools::finish(e.status);
  } catch (const pipit::tools::Failure& e) {
    return fail(e.status(), e.what());
  } catch (const std::bad_alloc&) {
    return fail(pipit::tools::kOutOfMemory, "out of memory");
  } catch (const std::exception& e) {
    return fail(pipit::tools::kFailed, e.what());
  }
}
