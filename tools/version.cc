// SPDX-License-Identifier: Apache-2.0
#include "tools/version.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "commit.h"
#include "pipit/planned_cpu.h"
#include "tools/bench/provenance.h"
#include "tools/format.h"

namespace pipit::tools {
namespace {

// ARM's own cores by their part number.
constexpr struct {
  long part;
  const char* name;
} kParts[] = {
    {0xb76, "ARM1176"},     {0xc05, "Cortex-A5"},   {0xc07, "Cortex-A7"},   {0xc08, "Cortex-A8"},
    {0xc09, "Cortex-A9"},   {0xc0f, "Cortex-A15"},  {0xc0e, "Cortex-A17"},  {0xd01, "Cortex-A32"},
    {0xd04, "Cortex-A35"},  {0xd03, "Cortex-A53"},  {0xd05, "Cortex-A55"},  {0xd07, "Cortex-A57"},
    {0xd08, "Cortex-A72"},  {0xd09, "Cortex-A73"},  {0xd0a, "Cortex-A75"},  {0xd0b, "Cortex-A76"},
    {0xd0c, "Neoverse-N1"}, {0xd0d, "Cortex-A77"},  {0xd41, "Cortex-A78"},  {0xd44, "Cortex-X1"},
    {0xd46, "Cortex-A510"}, {0xd47, "Cortex-A710"}, {0xd49, "Neoverse-N2"}, {0xd40, "Neoverse-V1"},
};

// What follows "name  : " in its first line; "" where there is none.
std::string value_of(const std::string& text, const std::string& name) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (line.compare(0, name.size(), name) != 0 || colon == std::string::npos) continue;
    const size_t at = line.find_first_not_of(" \t", colon + 1);
    return at == std::string::npos ? "" : line.substr(at);
  }
  return "";
}

std::string isas() {
  std::string text;
  for (const CpuFeatures features : possible_features()) {
    if ((features & ~detect_cpu()) != 0) continue;
    text += (text.empty() ? "" : ", ") + std::string(isa_name(features));
  }
  return text;
}

}  // namespace

std::string cpu_name(const std::string& cpuinfo) {
#if defined(__aarch64__) || defined(__arm__)
  constexpr const char* kModel = "model name of an emulator's host is no use";
#else
  constexpr const char* kModel = "model name";
#endif
  const std::string part = value_of(cpuinfo, "CPU part");
  for (const auto& [number, name] : kParts) {
    if (!part.empty() && std::strtol(part.c_str(), nullptr, 16) == number) return name;
  }
  const std::string model = value_of(cpuinfo, kModel);
  if (!model.empty()) return printable(model);
  return part.empty() ? "unknown" : "unknown part " + printable(part);
}

std::string version_text() {
  std::ifstream file("/proc/cpuinfo");
  std::ostringstream cpuinfo;
  cpuinfo << file.rdbuf();
  return "pipit " PIPIT_VERSION "\ncommit            " PIPIT_COMMIT "\ncompiler          " +
         compiler() + ", " + std::to_string(sizeof(void*) * 8) +
         "-bit " PIPIT_PROCESSOR "\nCPU               " + cpu_name(cpuinfo.str()) +
         "\ninstruction sets  " + isas();
}

}  // namespace pipit::tools
