// SPDX-License-Identifier: Apache-2.0
// A plan as text, JSON and a page.
#pragma once

#include <string>
#include <vector>

#include "tools/plan/plan_facts.h"

namespace pipit::tools {

struct PlanReport {
  const PlanFacts& facts;
  std::vector<ArenaOf> arenas;
  std::string cpu;  // that it is planned for, for a person
  int threads = 1;
};

std::string plan_text(const PlanReport& report);
Json plan_json(const PlanReport& report);
std::string plan_page(const PlanReport& report);

}  // namespace pipit::tools
