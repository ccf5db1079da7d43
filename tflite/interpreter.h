// SPDX-License-Identifier: Apache-2.0
// What the handle of an interpreter is: a plan, its settings, and views of its tensors.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipit/team.h"
#include "tflite/arena.h"
#include "tflite/delegation.h"
#include "tflite/subgraph.h"

struct pipit_interpreter;

namespace pipit::compat {

// Whom an interpreter tells what it does, and what contexts show as the profiler.
struct Listener {
  void (*event)(void* user, const char* tag, int subgraph, int node, bool begins) = nullptr;
  void* user = nullptr;
  void* profiler = nullptr;

  void tell(const char* tag, int subgraph, int node, bool begins) const {
    if (event != nullptr) event(user, tag, subgraph, node, begins);
  }
};

}  // namespace pipit::compat

struct TfLiteInterpreter {
 public:
  // nullptr, and a line to the reporter, when the model cannot be run.
  static TfLiteInterpreter* create(const TfLiteModel& model, pipit::compat::Settings settings);
  TfLiteInterpreter(pipit::compat::Shared<pipit::compat::ModelFile> file,
                    pipit::compat::Settings settings);
  TfLiteInterpreter(const TfLiteInterpreter&) = delete;
  ~TfLiteInterpreter();

  const pipit::Model& model() const { return file_->model; }
  const pipit::compat::ModelFile& file() const { return *file_; }
  const pipit::compat::Reporter& report() const { return settings_.reporter; }
  const pipit::compat::Settings& settings() const { return settings_; }
  int threads() const { return threads_; }
  // A tensor as it is planned; nullptr while none is.
  std::optional<pipit::Tensor> planned(int subgraph, int i) const;
  // Made when first asked for.
  pipit::compat::Subgraph& subgraph(int i) const;
  // The one that a planned tensor belongs to.
  pipit::compat::Subgraph* subgraph_of(const pipit::Tensor& t) const;

  TfLiteStatus resize(int subgraph, int input, const int* dims, int count, bool strict);
  TfLiteStatus allocate();
  // A subgraph by the signature that runs it, -1 for the first.
  TfLiteStatus invoke(int subgraph, int signature);
  TfLiteStatus modify(TfLiteDelegate* delegate);
  pipit::compat::Delegation& delegation() { return delegation_; }
  const pipit::compat::Delegation& delegation() const { return delegation_; }
  bool is_planned(int subgraph) const { return plan_.net().tensors(subgraph) != 0; }
  // The plan as a handle of pipit/pipit.h; nullptr while there is none.
  pipit_interpreter* handle();
  // Plans for nobody, with all claims.
  pipit::Status try_plan(pipit::Message* why) const;
  void allow_handles(bool allow) { handles_allowed_ = allow; }
  // Whether an operator is nobody's but, maybe, a delegate's.
  bool is_missing(const pipit::Node& node) const;
  // Whether a tensor may stay in a delegate's buffer.
  bool keeps_handle(const pipit::compat::Subgraph& graph, int tensor) const;

  TfLiteStatus reset_variables();
  void enable_cancelling(bool enable) { settings_.cancellable = enable; }
  TfLiteStatus cancel() const;
  // What inputs and variables hold stays.
  TfLiteStatus set_threads(int32_t threads);
  // For steps, and for all of an invocation or allocation, from the next one on.
  void set_listener(const pipit::compat::Listener& listener);
  const pipit::compat::Listener& listener() const { return listener_; }
  TfLiteStatus set_allocation(int tensor, const TfLiteCustomAllocation& allocation, int64_t flags);

  // What operators share.
  TfLiteExternalContext* external(TfLiteExternalContextType type) const;
  void set_external(TfLiteExternalContextType type, TfLiteExternalContext* context);

  // Reports a line and gives the status back.
  __attribute__((format(printf, 3, 4))) TfLiteStatus fail(TfLiteStatus status, const char* format,
                                                          ...) const;

 private:
  using Place = std::pair<int, int>;  // a subgraph and a tensor's index or position

  TfLiteStatus begin();
  TfLiteStatus find_kernels();
  void add_own(const pipit::Node& node, pipit::Status (*prepare)(pipit::Prepare&));
  TfLiteStatus map_tensors();
  TfLiteStatus check_resolved() const;
  pipit::Options options() const;
  pipit::OpTable operators() const;
  TfLiteStatus plan();
  void take_plan(pipit::compat::Plan plan);
  TfLiteStatus plan_and_delegate();
  TfLiteStatus apply_all(const std::vector<TfLiteDelegate*>& delegates);
  TfLiteStatus undo_delegates(TfLiteStatus status, const char* why);
  TfLiteStatus allocate_all();
  TfLiteStatus invoke_once(int subgraph, int signature);
  TfLiteStatus invoke_or_fall_back(int subgraph, int signature);
  pipit::Profiler profiler() const;
  void carry_inputs(const pipit::Interpreter& from, pipit::Interpreter& to) const;
  void carry_variables(const pipit::Interpreter& from, pipit::Interpreter& to) const;
  void update_views();
  TfLiteStatus bind_allocations();
  TfLiteStatus bind_changed(int subgraph);
  TfLiteStatus bind_one(int subgraph, int position, bool input);

  pipit::compat::Shared<pipit::compat::ModelFile> file_;
  pipit::compat::Settings settings_;
  int threads_ = 1;
  pipit::Team team_;
  mutable std::vector<std::unique_ptr<pipit::compat::Subgraph>> subgraphs_;
  std::vector<pipit::Op> own_ops_;
  std::vector<const pipit::Op*> own_table_;
  std::set<std::pair<int32_t, std::string_view>> own_names_;
  struct Missing {
    std::string name;
    int subgraph;
    int node;
  };
  std::vector<Missing> unresolved_;  // custom operators that nobody has
  std::map<const void*, int> subgraph_of_;
  std::vector<pipit::InputShape> shapes_;
  std::map<Place, TfLiteCustomAllocation> allocations_;
  mutable std::mutex plan_mutex_;  // another thread cancels what runs in it
  pipit::compat::Plan plan_;
  pipit::compat::Delegation delegation_{*this};
  TfLiteExternalContext* externals_[8] = {};
  pipit::compat::Listener listener_;
  std::unique_ptr<pipit_interpreter, void (*)(pipit_interpreter*)> handle_{nullptr, nullptr};
  bool ready_ = false;
  bool keep_variables_ = false;  // when there is another plan
  bool handles_allowed_ = false;
};

namespace pipit::compat {

// Whether Pipit has an operator; by its name, too, when it is a custom one.
bool is_known(int32_t code, const char* name);

// What runs a node of the application, and what stands for operators that nobody has.
Status prepare_own(Prepare& p);
Status prepare_missing(Prepare& p);

// Temporaries of a kernel: those whose bytes nobody keeps lie in its step's scratch. False when it
// names one that is not there.
size_t scratch_bytes(Subgraph& graph, const NodeView& view);
void place_temporaries(Subgraph& graph, const NodeView& view, uint8_t* scratch);
bool keep_temporaries(Subgraph& graph, const NodeView& view);

// The number of threads that a delegate in name only asks for; -1 when it is another delegate.
int32_t threads_of(const TfLiteDelegate& delegate);
bool is_named_only(const TfLiteDelegate& delegate);

}  // namespace pipit::compat
