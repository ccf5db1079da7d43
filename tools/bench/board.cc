// SPDX-License-Identifier: Apache-2.0
#include "tools/bench/board.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <sstream>

#include "tools/failure.h"
#include "tools/format.h"
#include "tools/io.h"

namespace pipit::tools {
namespace {

namespace fs = std::filesystem;

constexpr char kCpus[] = "sys/devices/system/cpu/cpu";
constexpr char kFirmware[] = "sys/devices/platform/soc/soc:firmware/get_throttled";
// What the firmware of a Raspberry Pi reports: a bit is set while it is so, and the one that is 16
// higher from the first time on.
constexpr const char* kReasons[] = {"under-voltage", "frequency capped", "throttled",
                                    "soft temperature limit"};
constexpr int kHappened = 16;

// ARM's cores by part number.
const std::map<std::string, std::string>& parts() {
  static const std::map<std::string, std::string> names = {
      {"0xb76", "ARM1176"},    {"0xc05", "Cortex-A5"},   {"0xc07", "Cortex-A7"},
      {"0xc08", "Cortex-A8"},  {"0xc09", "Cortex-A9"},   {"0xc0d", "Cortex-A12"},
      {"0xc0e", "Cortex-A17"}, {"0xc0f", "Cortex-A15"},  {"0xd01", "Cortex-A32"},
      {"0xd03", "Cortex-A53"}, {"0xd04", "Cortex-A35"},  {"0xd05", "Cortex-A55"},
      {"0xd07", "Cortex-A57"}, {"0xd08", "Cortex-A72"},  {"0xd09", "Cortex-A73"},
      {"0xd0a", "Cortex-A75"}, {"0xd0b", "Cortex-A76"},  {"0xd0c", "Neoverse-N1"},
      {"0xd0d", "Cortex-A77"}, {"0xd40", "Neoverse-V1"}, {"0xd41", "Cortex-A78"},
      {"0xd44", "Cortex-X1"},  {"0xd46", "Cortex-A510"}, {"0xd47", "Cortex-A710"},
      {"0xd49", "Neoverse-N2"}};
  return names;
}

std::string trimmed(std::string text) {
  const std::string blanks(" \t\r\n\0", 5);
  text.erase(text.find_last_not_of(blanks) + 1);
  text.erase(0, std::min(text.find_first_not_of(blanks), text.size()));
  return text;
}

// The entries of a directory whose name begins so, in order.
std::vector<std::string> entries(const std::string& root, const std::string& folder,
                                 const std::string& beginning) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(fs::path(root) / folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name.compare(0, beginning.size(), beginning) == 0) names.push_back(folder + "/" + name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

void add_once(const std::string& text, std::vector<std::string>* list) {
  if (std::find(list->begin(), list->end(), text) == list->end()) list->push_back(text);
}

std::string joined(const std::vector<std::string>& list, const char* between) {
  std::string text;
  for (const std::string& item : list) text += (text.empty() ? "" : between) + item;
  return text;
}

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace

Board::Board(const std::string& root) : root_(root + "/") {
  read_model();
  read_cores();
  governor_ = read(clock_folder() + "scaling_governor").value_or("");
  if (governor_.empty()) missing_.push_back("governor");
  highest_clock_hz_ = read_number(clock_folder() + "cpuinfo_max_freq");
  if (highest_clock_hz_) *highest_clock_hz_ *= 1000;
  find_thermal_zone();
  find_throttling();
  const BoardState state = look();
  if (!state.clock_hz) missing_.push_back("clock");
  if (!state.celsius) missing_.push_back("temperature");
  if (!state.throttled) missing_.push_back("throttling");
}

std::optional<std::string> Board::read(const std::string& name, size_t most) {
  std::error_code error;
  if (!fs::exists(root_ + name, error)) return std::nullopt;
  try {
    const std::vector<uint8_t> bytes = read_file(root_ + name, most);
    return trimmed(std::string(bytes.begin(), bytes.end()));
  } catch (const Failure& e) {
    add_once(e.what(), &unreadable_);
    return std::nullopt;
  }
}

std::optional<int64_t> Board::read_number(const std::string& name, int base) {
  const std::optional<std::string> text = read(name);
  if (!text) return std::nullopt;
  int64_t value = 0;
  const char* begin = text->data();
  const char* end = begin + text->size();
  if (base == 16 && text->compare(0, 2, "0x") == 0) begin += 2;
  const auto [at, error] = std::from_chars(begin, end, value, base);
  if (error == std::errc() && at == end) return value;
  add_once(root_ + name + ": holds no number", &unreadable_);
  return std::nullopt;
}

void Board::read_model() {
  for (const char* name : {"proc/device-tree/model", "sys/firmware/devicetree/base/model",
                           "sys/class/dmi/id/product_name"}) {
    if (model_.empty()) model_ = read(name).value_or("");
  }
}

void Board::read_cores() {
  std::istringstream lines(read("proc/cpuinfo", size_t{1} << 20).value_or(""));
  for (std::string line; std::getline(lines, line);) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string key = trimmed(line.substr(0, colon)), value = trimmed(line.substr(colon + 1));
    if (key == "processor") ++cpus_;
    if (key == "Model" && model_.empty()) model_ = value;
    if (key == "model name" && value.compare(0, 3, "ARM") != 0) add_once(value, &cores_);
    if (key != "CPU part") continue;
    const auto part = parts().find(value);
    add_once(part == parts().end() ? "part " + value : part->second, &cores_);
  }
  if (cpus_ == 0) cpus_ = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  if (model_.empty()) missing_.push_back("model");
}

// Of the core that this runs on, where there is one of that number.
std::string Board::clock_folder() const {
  const std::string here = kCpus + std::to_string(std::max(0, ::sched_getcpu())) + "/cpufreq/";
  std::error_code error;
  return fs::exists(root_ + here, error) ? here : std::string(kCpus) + "0/cpufreq/";
}

void Board::find_thermal_zone() {
  for (const std::string& zone : entries(root_, "sys/class/thermal", "thermal_zone")) {
    const std::string type = read(zone + "/type").value_or("");
    const bool of_cpu = type.find("cpu") != std::string::npos ||
                        type.find("soc") != std::string::npos ||
                        type.find("pkg") != std::string::npos;
    if (temperature_.empty() || of_cpu) temperature_ = zone + "/temp";
    if (of_cpu) return;
  }
}

void Board::find_throttling() {
  std::error_code error;
  if (fs::exists(root_ + kFirmware, error)) firmware_ = kFirmware;
  for (const std::string& device : entries(root_, "sys/class/hwmon", "hwmon")) {
    if (read(device + "/name") == "rpi_volt") alarm_ = device + "/in0_lcrit_alarm";
  }
  for (const std::string& device : entries(root_, "sys/class/thermal", "cooling_device")) {
    const std::string type = read(device + "/type").value_or("");
    if (type.find("cpufreq") != std::string::npos || type == "Processor") {
      cooling_.push_back(device + "/cur_state");
    }
  }
}

bool Board::add_firmware_reasons(std::vector<std::string>* reasons) {
  const std::optional<int64_t> bits = read_number(firmware_, 16);
  if (!bits) return false;
  const int64_t new_events = (*bits & ~happened_) >> kHappened;
  for (int i = 0; i < static_cast<int>(std::size(kReasons)); ++i) {
    if (((*bits | new_events) >> i & 1) != 0) add_once(kReasons[i], reasons);
  }
  happened_ = *bits;
  return true;
}

BoardState Board::look() {
  BoardState state;
  state.clock_hz = read_number(clock_folder() + "scaling_cur_freq");
  if (state.clock_hz) *state.clock_hz *= 1000;
  if (!temperature_.empty()) {
    const std::optional<int64_t> thousandths = read_number(temperature_);
    if (thousandths) state.celsius = static_cast<double>(*thousandths) / 1000;
  }
  std::vector<std::string> reasons;
  bool known = !firmware_.empty() && add_firmware_reasons(&reasons);
  const auto add_when_set = [&](const std::string& file, const char* reason) {
    const std::optional<int64_t> value = read_number(file);
    known |= value.has_value();
    if (value.value_or(0) != 0) add_once(reason, &reasons);
  };
  if (!alarm_.empty()) add_when_set(alarm_, kReasons[0]);
  for (const std::string& device : cooling_) add_when_set(device, "cooled by a lower clock");
  if (known) state.throttled = reasons;
  return state;
}

std::string Board::unknown() const {
  std::string text;
  if (!missing_.empty()) text = "not known here: " + joined(missing_, ", ");
  if (unreadable_.empty()) return text;
  return text + (text.empty() ? "" : "; ") + joined(unreadable_, "; ");
}

Json Board::json() const {
  return {{"model", or_null(model_)},
          {"cores", cores_},
          {"cpus", cpus_},
          {"governor", or_null(governor_)},
          {"highest_clock_hz", highest_clock_hz_ ? Json(*highest_clock_hz_) : Json()},
          {"unknown", or_null(unknown())}};
}

Json state_json(const BoardState& state) {
  return {{"clock_hz", state.clock_hz ? Json(*state.clock_hz) : Json()},
          {"celsius", state.celsius ? Json(*state.celsius) : Json()},
          {"throttled", state.throttled ? Json(*state.throttled) : Json()}};
}

std::string state_text(const BoardState& state) {
  std::vector<std::string> facts;
  if (state.clock_hz) facts.push_back(number(static_cast<double>(*state.clock_hz) / 1e6) + " MHz");
  if (state.celsius) facts.push_back(number(*state.celsius, 3) + " C");
  if (state.throttled) {
    facts.push_back(state.throttled->empty() ? "not throttled"
                                             : "held down: " + joined(*state.throttled, ", "));
  }
  return facts.empty() ? "unknown" : joined(facts, ", ");
}

}  // namespace pipit::tools
