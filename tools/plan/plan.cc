// SPDX-License-Identifier: Apache-2.0
// `pipit plan`: why the arena is as large as it is.
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "pipit/team.h"
#include "tools/commands.h"
#include "tools/failure.h"
#include "tools/io.h"
#include "tools/plan/plan_report.h"

namespace pipit::tools {
namespace {

constexpr char kFooter[] =
    R"(Says where each tensor lies and when, which tensors share bytes, the step in
which the most bytes are alive (less than that no plan takes), and what became
of operators: those that are folded are computed while planning, some only name
other bytes or write over them, others hand rows on and run in bands.

--cpu plans for another CPU, and --isa for an instruction set, which this one
need not have. --cpu aarch64 (in a 32-bit program armhf) takes the largest arena
of all ARM CPUs, which suffices on each; any takes this one in, too.

Examples:
  pipit plan model.tflite
  pipit plan model.tflite --cpu cortex-a76 --html plan.html
  pipit plan model.tflite --json | jq .any_cpu_arena_bytes

Exit status: 0 done; 2 wrong usage; 3 the model is refused; 5 out of memory;
6 the page cannot be written.)";

struct Settings {
  std::string model, cpu, isa, html;
  int threads = 1;
  Bands bands = Options().bands;
  size_t max_activations = 0;
  bool json = false;
};

// For all CPUs, and last for the one that `options` tell.
std::vector<ArenaOf> make_plans(Options options, Session* session, Blocks* blocks) {
  Waiting waiting("planning");
  const CpuFeatures wanted = options.cpu;
  std::vector<ArenaOf> list;
  try {
    list = arenas(*session, options, &waiting);
  } catch (const Failure&) {
    options.cpu = detect_cpu();
    session->plan(options);  // names all that is missing
    throw;
  }
  waiting.now("planning");
  options.cpu = one_cpu(wanted, list);
  options.listener = blocks->listener();
  session->plan(options);
  return list;
}

void run(const Settings& set) {
  KeptFiles kept;
  kept.keep(set.model);
  if (!set.html.empty()) kept.check(set.html);
  Options options;
  options.cpu = planned_cpu(set.cpu, set.isa);
  options.bands = set.bands;
  options.max_activation_bytes = set.max_activations;
  Team team;
  start_team(&team, set.threads);
  options.team = &team;
  Session session(set.model);
  Blocks blocks;
  std::vector<ArenaOf> list = make_plans(options, &session, &blocks);
  const PlanFacts facts(session, blocks);
  const PlanReport report = {facts, std::move(list), planned_name(set.cpu, set.isa),
                             team.threads()};
  if (!set.html.empty()) write_file(set.html, plan_page(report));
  print(set.json ? dump(plan_json(report)) : plan_text(report));
}

}  // namespace

void add_plan(CLI::App& pipit) {
  auto set = std::make_shared<Settings>();
  CLI::App* app = pipit.add_subcommand("plan", "Says why the arena is as large as it is");
  app->footer(kFooter);
  app->add_option("MODEL", set->model, "The .tflite file")->required()->type_name("");
  add_cpu_options(app, &set->cpu, &set->isa);
  app->add_option("--threads", set->threads, "For N threads (default 1)")
      ->type_name("N")
      ->check(at_least_one());
  app->add_option("--bands", set->bands, "As for run: auto (default), never or all")
      ->type_name("NAME")
      ->transform(bands_names());
  app->add_option("--max-activations", set->max_activations,
                  "Thinner bands while activations take more bytes")
      ->type_name("N");
  app->add_option("--html", set->html, "Also writes a page with a picture")->type_name("FILE");
  app->add_flag("--json", set->json, "Prints the plan as JSON");
  app->callback([set] { run(*set); });
}

}  // namespace pipit::tools
