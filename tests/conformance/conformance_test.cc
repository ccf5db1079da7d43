// SPDX-License-Identifier: Apache-2.0
// Runs the conformance cases, or real models, and compares with the answers stored beside them.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include "pipit/team.h"
#include "tests/conformance/cases.h"
#include "tests/conformance/mutate.h"
#include "tests/conformance/report.h"
#include "tests/conformance/run_case.h"
#include "tests/support/survive.h"

namespace pipit::test {
namespace {

namespace fs = std::filesystem;

constexpr char kUsage[] =
    "usage: conformance_test [OPTION]... [FOLDER]\n"
    "Runs the cases of the operators in FOLDER; fails when a case does.\n"
    "  --op NAME      only this operator (or model); may be repeated\n"
    "  --case TEXT    only cases whose operator/name contains TEXT\n"
    "  --isa NAME     kernels up to portable, neon, dotprod or i8mm, instead of all that the CPU "
    "has\n"
    "  --threads N    a team of N threads that shares even the smallest work\n"
    "  --models DIR   also the real models in DIR\n"
    "  --table FILE   write the operators, their types and kernels, and what passed, as JSON\n"
    "  --results FILE fail also when outputs are not, to the bit, those recorded in FILE\n"
    "  --write-results FILE  record them\n"
    "  --no-skips     fail also when a case had to be skipped\n"
    "  --watch        fail also when a step changes what is read after it\n"
    "  --twice        fail also when what comes out depends on what was in the arena\n"
    "  --mutate N     instead of comparing, spoil each model in N ways: it must not crash\n"
    "  --list         print the cases instead\n";

constexpr int kExitSkipped = 77;  // what CTest is told to take for "skipped"
constexpr unsigned kModelSeconds = 600;

struct Arguments {
  std::vector<std::string> ops;
  std::string text;
  std::string isa;
  std::string models;
  std::string folder;
  std::string table;
  std::string results;
  std::string written_results;
  int mutations = 0;
  int threads = 1;
  bool no_skips = false;
  bool watch = false;
  bool twice = false;
  bool list = false;
};

Arguments parse_arguments(int argc, char** argv) {
  Arguments a;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    const auto value = [&]() -> std::string {
      if (i + 1 == argc) throw std::invalid_argument(arg + " wants a value");
      return argv[++i];
    };
    if (arg == "--op") {
      a.ops.push_back(value());
    } else if (arg == "--case") {
      a.text = value();
    } else if (arg == "--isa") {
      a.isa = value();
    } else if (arg == "--models") {
      a.models = value();
    } else if (arg == "--threads") {
      a.threads = std::stoi(value());
    } else if (arg == "--mutate") {
      a.mutations = std::stoi(value());
    } else if (arg == "--table") {
      a.table = value();
    } else if (arg == "--results") {
      a.results = value();
    } else if (arg == "--write-results") {
      a.written_results = value();
    } else if (arg == "--no-skips") {
      a.no_skips = true;
    } else if (arg == "--watch") {
      a.watch = true;
    } else if (arg == "--twice") {
      a.twice = true;
    } else if (arg == "--list") {
      a.list = true;
    } else if (arg.starts_with("-") || !a.folder.empty()) {
      throw std::invalid_argument("unexpected '" + arg + "'");
    } else {
      a.folder = arg;
    }
  }
  if (a.folder.empty() && a.models.empty()) throw std::invalid_argument("nothing to run");
  return a;
}

bool wanted(const Arguments& a, const std::string& op) {
  return a.ops.empty() || std::find(a.ops.begin(), a.ops.end(), op) != a.ops.end();
}

std::vector<fs::path> folders_in(const fs::path& parent, const char* file) {
  std::vector<fs::path> folders;
  for (const fs::directory_entry& entry : fs::directory_iterator(parent)) {
    if (fs::exists(entry.path() / file) || fs::exists(entry.path() / "rejects.json")) {
      folders.push_back(entry.path());
    }
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

std::vector<Case> select(std::vector<Case> cases, const std::string& group, const Arguments& a) {
  std::erase_if(cases, [&](const Case& c) {
    return (group + "/" + c.name).find(a.text) == std::string::npos;
  });
  return cases;
}

class Session {
 public:
  Session(const Arguments& arguments, CpuFeatures cpu) : arguments_(arguments) {
    setup_.cpu = cpu;
    setup_.team = &team_;
    setup_.watch = arguments.watch;
    setup_.twice = arguments.twice;
    if (team_.start(arguments.threads) != arguments.threads) {
      throw std::runtime_error("cannot start so many threads");
    }
  }

  void run_operators() {
    for (const fs::path& folder : folders_in(arguments_.folder, "cases.json")) {
      const std::string op = folder.filename();
      if (!wanted(arguments_, op)) continue;
      // The folder of malformed files has models whose only fault is an operator nobody knows.
      setup_.refuses_operators = op == "model";
      for (const Case& c : select(load_operator(folder), op, arguments_)) (void)run(op, c);
    }
  }

  void run_models() {
    if (!fs::is_directory(arguments_.models)) {
      std::printf("skipped: no models directory %s\n", arguments_.models.c_str());
      ++skipped_;
      return;
    }
    setup_.seconds = kModelSeconds;
    for (const fs::path& folder : folders_in(arguments_.models, "cases.json")) {
      const std::string model = folder.filename();
      if (!wanted(arguments_, model)) continue;
      for (const Case& c : select(load_model_cases(folder), model, arguments_)) {
        const Outcome outcome = run(model, c);
        if (!arguments_.list) print_model(model, c, outcome);
      }
    }
  }

  int finish() const {
    if (arguments_.list) return EXIT_SUCCESS;
    report_.print();
    if (!arguments_.table.empty()) report_.write_operators(arguments_.table);
    if (!arguments_.written_results.empty()) report_.write_results(arguments_.written_results);
    const bool same =
        arguments_.results.empty() || report_.compare_results(arguments_.results) == 0;
    const Count n = report_.total();
    const int skipped = n.skipped + skipped_;
    if (!same || n.failed != 0 || (arguments_.no_skips && skipped != 0)) return EXIT_FAILURE;
    if (n.passed + skipped == 0) {
      std::printf("no case matches\n");
      return EXIT_FAILURE;
    }
    return skipped != 0 ? kExitSkipped : EXIT_SUCCESS;
  }

 private:
  Outcome run(const std::string& group, const Case& c) {
    if (arguments_.list) {
      std::printf("%s/%s: %s\n", group.c_str(), c.name.c_str(), c.feature.c_str());
      return {};
    }
    const std::string name = group + "/" + c.name;
    set_current_name(name.c_str());
    setup_.side = other(setup_.side);
    if (setup_.twice) setup_.outputs = next(setup_.outputs);
    Outcome outcome = arguments_.mutations == 0 ? run_case(c, setup_)
                                                : run_mutations(c, setup_, arguments_.mutations);
    set_current_name("");
    report_.add(group, c, outcome);
    return outcome;
  }

  static void print_model(const std::string& model, const Case& c, const Outcome& outcome) {
    const char* verdict = "exact";
    if (outcome.verdict == Verdict::kFailed) verdict = "FAILED";
    if (outcome.verdict == Verdict::kSkipped) verdict = "skipped";
    if (outcome.verdict == Verdict::kPassed && !outcome.exact) verdict = "within tolerance";
    std::printf("%-34s %-12s %-16s arena %zu, activations %zu of at least %zu\n", model.c_str(),
                c.name.c_str(), verdict, outcome.memory.arena_bytes,
                outcome.memory.activation_bytes, outcome.memory.lower_bound_bytes);
  }

  const Arguments& arguments_;
  Team team_;
  Setup setup_;
  Report report_;
  int skipped_ = 0;
};

// The instruction sets to use; false when the CPU lacks them.
bool choose_isa(const Arguments& a, CpuFeatures* cpu) {
  *cpu = detect_cpu();
  if (a.isa.empty()) return true;
  CpuFeatures features;
  if (!parse_isa(a.isa.c_str(), &features)) {
    throw std::invalid_argument("there is no instruction set '" + a.isa + "'");
  }
  const bool has = (features & ~*cpu) == 0;
  *cpu = features;
  return has;
}

// A machine that is there to try all of them says so; then nothing may go missing unnoticed.
int exit_without_isa(const std::string& isa) {
  const char* expected = std::getenv("PIPIT_EXPECT_ISA");
  const bool must = expected != nullptr && std::strcmp(expected, "all") == 0;
  std::printf("%s: CPU lacks %s\n", must ? "FAILED" : "skipped", isa.c_str());
  return must ? EXIT_FAILURE : kExitSkipped;
}

int run(int argc, char** argv) {
  const Arguments arguments = parse_arguments(argc, argv);
  CpuFeatures cpu;
  if (!choose_isa(arguments, &cpu)) return exit_without_isa(arguments.isa);
  std::printf("instruction sets: up to %s\n", isa_name(cpu));
  Session session(arguments, cpu);
  if (!arguments.folder.empty()) session.run_operators();
  if (!arguments.models.empty()) session.run_models();
  return session.finish();
}

}  // namespace
}  // namespace pipit::test

int main(int argc, char** argv) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  try {
    return pipit::test::run(argc, argv);
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "conformance_test: %s\n%s", error.what(), pipit::test::kUsage);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "conformance_test: %s\n", error.what());
  }
  return 2;
}
