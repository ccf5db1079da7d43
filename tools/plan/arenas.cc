// SPDX-License-Identifier: Apache-2.0
#include "tools/plan/arenas.h"

#include <algorithm>

#include "tools/failure.h"

namespace pipit::tools {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::vector<std::string> cpus_with(CpuFeatures features) {
  const bool narrow = sizeof(void*) == 4;
  std::vector<std::string> names;
  for (const NamedCpu& cpu : named_cpus()) {
    const CpuFeatures has = narrow ? cpu.features & kCpuNeon : cpu.features;
    if (is_of_this_build(cpu) && has == features) names.push_back(cpu.name);
  }
  return names;
}

Failure unknown_cpu(const std::string& name) {
  std::vector<std::string> here = {"any", sizeof(void*) == 8 ? "aarch64" : "armhf"};
  for (const NamedCpu& cpu : named_cpus()) {
    if (is_of_this_build(cpu)) {
      here.push_back(cpu.name);
    } else if (name == cpu.name) {
      const bool narrow = cpu.in_32_bits;
      return {kUsage, "--cpu " + name + ": runs " + (narrow ? "32" : "64") +
                          "-bit programs, and this pipit is none: a plan's tables have other sizes "
                          "there; a " +
                          (narrow ? "32" : "64") + "-bit pipit knows them"};
    }
  }
  return {kUsage, "--cpu " + name + ": not one of " + joined(here)};
}

// Lines of at most 80 columns.
std::string wrapped(const std::vector<std::string>& names, const std::string& indent) {
  std::string text, line;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string next = names[i] + (i + 1 < names.size() ? "," : "");
    if (!line.empty() && indent.size() + line.size() + 1 + next.size() > 79) {
      text += line + "\n" + indent;
      line.clear();
    }
    line += (line.empty() ? "" : " ") + next;
  }
  return text + line;
}

}  // namespace

std::vector<ArenaOf> arenas(const Session& session, const Options& options, Waiting* waiting) {
  std::vector<ArenaOf> list;
  for (const CpuFeatures features : possible_features()) {
    waiting->now(("planning for " + std::string(isa_name(features))).c_str());
    Options one = options;
    one.cpu = plan_for(features);
    Message why;
    const auto need = Interpreter::required_memory(session.model(), all_operators(), one, &why);
    if (!need.ok()) {
      throw Failure(exit_status(need.status().code()), session.path() + ": " + why.text());
    }
    list.push_back({isa_name(features), features, cpus_with(features), need.value()});
  }
  return list;
}

const ArenaOf& largest(const std::vector<ArenaOf>& list, CpuFeatures least) {
  const ArenaOf* found = &list.back();
  for (const ArenaOf& one : list) {
    const bool counts = (least & ~one.features) == 0;
    if (counts && one.memory.arena_bytes > found->memory.arena_bytes) found = &one;
  }
  return *found;
}

Json arenas_json(const std::vector<ArenaOf>& list) {
  Json json = Json::array();
  for (const ArenaOf& one : list) {
    Json entry = {{"isa", one.isa}, {"cpus", one.cpus}};
    add_memory(one.memory, &entry);
    json.push_back(std::move(entry));
  }
  return json;
}

std::string arenas_text(const std::vector<ArenaOf>& list, const std::string& indent) {
  std::vector<std::string> notes = {"suffice on each of these CPUs"};
  std::vector<std::vector<std::string>> cells = {
      {"any", grouped(largest(list).memory.arena_bytes)}};
  if (sizeof(void*) == 8 && list.front().features == kCpuPortable) {
    cells.push_back({"aarch64", grouped(largest(list, kCpuNeon).memory.arena_bytes)});
    notes.push_back("suffice on each ARM one");
  }
  const size_t general = notes.size();
  for (const ArenaOf& one : list) cells.push_back({one.isa, grouped(one.memory.arena_bytes)});
  std::string text;
  const std::string lines = table(cells, indent);
  for (size_t at = 0, i = 0; at < lines.size(); ++i) {
    const size_t end = lines.find('\n', at);
    std::string line = lines.substr(at, end - at) + " bytes";
    line += "  ";
    line += i < general ? notes[i] : wrapped(list[i - general].cpus, std::string(line.size(), ' '));
    text += line + "\n";
    at = end + 1;
  }
  return text;
}

CpuFeatures planned_cpu(const std::string& cpu, const std::string& isa) {
  if (!cpu.empty() && !isa.empty()) {
    throw Failure(kUsage, "--cpu names an instruction set, too: give it or --isa");
  }
  CpuFeatures features = detect_cpu();
  if (!cpu.empty()) {
    if (!parse_cpu(cpu.c_str(), &features)) throw unknown_cpu(cpu);
    return features;
  }
  if (isa.empty()) return features;
  if (!parse_isa(isa.c_str(), &features)) {
    throw Failure(kUsage, "--isa " + isa + ": not one of portable, neon, dotprod, i8mm");
  }
  const bool here = (features & ~detect_cpu()) == 0;
  return here ? features : plan_for(features);
}

CpuFeatures one_cpu(CpuFeatures wanted, const std::vector<ArenaOf>& list) {
  const bool any = (wanted & kCpuAny) != 0;
  return any ? plan_for(largest(list, planned_features(wanted)).features) : wanted;
}

std::string planned_name(const std::string& cpu, const std::string& isa) {
  const CpuFeatures planned = planned_cpu(cpu, isa);
  if ((planned & kCpuAny) != 0) {
    return "any " + std::to_string(sizeof(void*) * 8) + "-bit " + (cpu == "any" ? "" : "ARM ") +
           "CPU";
  }
  const CpuFeatures features = planned_features(planned);
  if (!cpu.empty()) return cpu + " (" + isa_name(features) + ")";
  return std::string(isa_name(features)) + (isa.empty() ? " (this CPU)" : "");
}

}  // namespace pipit::tools
