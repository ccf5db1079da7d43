// SPDX-License-Identifier: Apache-2.0
// A model with memory to run in: what every subcommand needs, with failures as exceptions.
#pragma once

#include <functional>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "pipit/file.h"
#include "pipit/interpreter.h"
#include "pipit/model.h"
#include "pipit/team.h"

namespace pipit::tools {

class Session {
 public:
  // Maps and checks the file.
  explicit Session(const std::string& path);

  const std::string& path() const { return path_; }
  const Model& model() const { return model_; }

  // Names the signature to invoke instead of subgraph 0.
  void choose_signature(const std::string& key);
  int subgraph() const { return subgraph_; }
  // How many inputs the chosen subgraph has, before it is planned.
  int file_inputs() const;

  // Plans into an arena of the size that the model needs, and some more when it has tensors whose
  // shape is known only while running. What `options` points to must outlive the session.
  void plan(const Options& options);
  const Interpreter& net() const { return net_; }
  size_t arena_given() const { return arena_size_; }
  const uint8_t* arena() const { return arena_.get(); }

  const Tensor& input(int i) const { return *net_.input(i, subgraph_); }
  const Tensor& output(int i) const { return *net_.output(i, subgraph_); }
  int inputs() const { return net_.inputs(subgraph_); }
  int outputs() const { return net_.outputs(subgraph_); }

  // Copies the values in.
  void feed(int i, std::vector<uint8_t> bytes);
  void reset() { net_.reset_variables(); }
  void set_profiler(const Profiler& profiler) { net_.set_profiler(profiler); }
  void invoke();

  // Does `job`, which feeds and invokes. Where invoke() finds the arena too small, the job starts
  // over in a larger one: the plan and all state are new then.
  void run(const std::function<void()>& job);

 private:
  struct Free {
    void operator()(uint8_t* p) const { ::operator delete (p, std::align_val_t{kAlign}); }
  };
  static constexpr size_t kAlign = 64;

  void create(size_t arena_bytes);
  // " (signatures that run: infer, train)" when there are some beside what was asked for.
  std::string what_runs() const;
  bool shapes_known() const;

  std::string path_;
  MappedFile file_;
  Model model_;
  int signature_ = -1;
  int subgraph_ = 0;
  Options options_;
  std::unique_ptr<uint8_t[], Free> arena_;
  size_t arena_size_ = 0;
  Interpreter net_;
  Message why_;  // of invoke(); a new one each time would show in measurements
  std::vector<std::vector<uint8_t>> bound_;  // what string inputs are bound to
};

// Fails unless that many threads can be had.
void start_team(Team* team, int threads);

// The features of a named instruction set, or of this CPU for "".
CpuFeatures cpu_for(const std::string& isa);

}  // namespace pipit::tools
