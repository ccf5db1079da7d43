// SPDX-License-Identifier: Apache-2.0
#include "tflite/interpreter.h"

#include <algorithm>
#include <cstring>
#include <thread>

using pipit::Code;
using pipit::InputShape;
using pipit::Interpreter;
using pipit::Message;
using pipit::Model;
using pipit::Node;
using pipit::Op;
using pipit::Options;
using pipit::Shape;
using pipit::Span;
using pipit::Status;
using pipit::Storage;
using pipit::Tensor;
using pipit::Type;
using pipit::compat::ModelFile;
using pipit::compat::NodeView;
using pipit::compat::Plan;
using pipit::compat::Settings;
using pipit::compat::Shared;
using pipit::compat::Subgraph;

namespace {

constexpr size_t kAllocationAlign = 64;
constexpr char kEdgeTpu[] = "edgetpu-custom-op";
// Kinds of operators that are the application's or nobody's: each operator is compared with all.
constexpr size_t kMostOwn = 256;
constexpr size_t kMostOfNames = 8192;  // bytes, in a message

// What fits the machine, unless the application says a number.
int threads_of(int32_t wanted) {
  constexpr int kMost = 4;
  if (wanted > 0) return std::min(wanted, pipit::Team::kMostThreads);
  if (wanted == 0) return 1;
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  return std::clamp(cores, 1, kMost);
}

// Programs that name XNNPACK's delegate say the number there.
int threads_of(const Settings& settings) {
  int32_t wanted = settings.threads;
  for (const TfLiteDelegate* d : settings.delegates) {
    if (wanted == -1) wanted = pipit::compat::threads_of(*d);
  }
  return threads_of(wanted);
}

}  // namespace

bool pipit::compat::is_known(int32_t code, const char* name) {
  const OpTable all = all_operators();
  return std::any_of(all.begin(), all.end(), [&](const Op* op) {
    return op->code == code && (code != kCustomOp || std::strcmp(op->name, name) == 0);
  });
}

TfLiteInterpreter::TfLiteInterpreter(Shared<ModelFile> file, Settings settings)
    : file_(std::move(file)),
      settings_(std::move(settings)),
      threads_(threads_of(settings_)),
      subgraphs_(static_cast<size_t>(model().subgraphs())) {}

TfLiteInterpreter::~TfLiteInterpreter() {
  delegation_.undo();
  for (const auto& s : subgraphs_) {
    if (s != nullptr) s->release_nodes();
  }
}

Subgraph& TfLiteInterpreter::subgraph(int i) const {
  std::unique_ptr<Subgraph>& slot = subgraphs_[static_cast<size_t>(i)];
  if (slot == nullptr) {
    slot = std::make_unique<Subgraph>(const_cast<TfLiteInterpreter&>(*this), model(), i);
  }
  return *slot;
}

TfLiteStatus TfLiteInterpreter::fail(TfLiteStatus status, const char* format, ...) const {
  va_list arguments;
  va_start(arguments, format);
  report().list(format, arguments);
  va_end(arguments);
  return status;
}

TfLiteInterpreter* TfLiteInterpreter::create(const TfLiteModel& model, Settings settings) {
  auto made = std::make_unique<TfLiteInterpreter>(model.file, std::move(settings));
  return made->begin() == kTfLiteOk ? made.release() : nullptr;
}

TfLiteStatus TfLiteInterpreter::begin() {
  if (threads_ > 1) threads_ = team_.start(threads_);
  if (const TfLiteStatus s = find_kernels(); s != kTfLiteOk) return s;
  Message why;
  if (!settings_.main_may_fail &&
      !pipit::check_operators(model(), operators(), options(), &why).ok()) {
    return fail(kTfLiteUnresolvedOps, "%s", why.text());
  }
  for (TfLiteDelegate* delegate : settings_.delegates) {
    const TfLiteStatus status = modify(delegate);
    if (status == kTfLiteDelegateError && settings_.fallback) return kTfLiteOk;
    if (status != kTfLiteOk) return status;
  }
  return kTfLiteOk;
}

void TfLiteInterpreter::add_own(const Node& node, Status (*prepare)(pipit::Prepare&)) {
  if (!own_names_.emplace(node.code, node.op).second) return;
  own_ops_.push_back({node.code, node.op, prepare, pipit::kOpNoFold, this});
}

// Looks up each node; those of the application begin their life here.
TfLiteStatus TfLiteInterpreter::find_kernels() {
  bool any = false;
  for (int s = 0; s < model().subgraphs(); ++s) {
    for (int i = 0; i < model().nodes(s); ++i) {
      const Node node = model().node(i, s);
      pipit::compat::Kernel kernel;
      if (settings_.find(node, &kernel)) {
        NodeView& view = subgraph(s).node(i);
        view.kernel = kernel;
        view.registration.registration_external = const_cast<TfLiteOperator*>(kernel.external);
        view.own = any = true;
        add_own(node, pipit::compat::prepare_own);
        if (subgraph(s).initialize(view) == kTfLiteOk) continue;
        return fail(kTfLiteError, "%s (operator %d): its init function failed", node.op, i);
      }
      if (node.code != pipit::kCustomOp) continue;
      if (!settings_.selected_only && pipit::compat::is_known(node.code, node.op)) continue;
      unresolved_.push_back({node.op, s, i});
      add_own(node, pipit::compat::prepare_missing);
      if (own_ops_.size() > kMostOwn) {
        return fail(kTfLiteUnresolvedOps, "more than %zu kinds of custom operators", kMostOwn);
      }
    }
  }
  for (const Op& op : own_ops_) own_table_.push_back(&op);
  return any ? map_tensors() : kTfLiteOk;
}

bool TfLiteInterpreter::is_missing(const Node& node) const {
  return std::any_of(own_ops_.begin(), own_ops_.end(), [&](const Op& op) {
    return op.prepare == pipit::compat::prepare_missing && op.code == node.code &&
           std::strcmp(op.name, node.op) == 0;
  });
}

// An operator knows its tensors, and by them its subgraph.
TfLiteStatus TfLiteInterpreter::map_tensors() {
  for (int s = 0; s < model().subgraphs(); ++s) {
    for (int i = 0; i < model().tensors(s); ++i) {
      const auto added = subgraph_of_.emplace(model().tensor(i, s).file_tensor, s);
      if (added.second || added.first->second == s) continue;
      return fail(kTfLiteError, "subgraphs %d and %d share tensor %d", added.first->second, s, i);
    }
  }
  return kTfLiteOk;
}

std::optional<Tensor> TfLiteInterpreter::planned(int s, int i) const {
  if (!ready_ || i >= plan_.net().tensors(s)) return std::nullopt;
  return plan_.net().tensor(i, s);
}

Subgraph* TfLiteInterpreter::subgraph_of(const Tensor& t) const {
  const auto found = subgraph_of_.find(t.file_tensor);
  return found == subgraph_of_.end() ? nullptr : &subgraph(found->second);
}

TfLiteStatus TfLiteInterpreter::check_resolved() const {
  std::string names;
  std::set<std::string> seen;
  for (const auto& [name, s, node] : unresolved_) {
    if (delegation_.computes(s, node)) continue;
    if (name == kEdgeTpu) {
      return fail(kTfLiteUnresolvedOps,
                  "the model is compiled for a Coral Edge TPU: take the file without _edgetpu in "
                  "its name, or load its delegate");
    }
    if (names.size() > kMostOfNames || !seen.insert(name).second) continue;
    names += (names.empty() ? "'" : ", '") + name + "'";
  }
  if (names.empty()) return kTfLiteOk;
  if (names.size() > kMostOfNames) names = names.substr(0, kMostOfNames) + "...";
  return fail(kTfLiteUnresolvedOps, "custom operators that nobody computes: %s", names.c_str());
}

Options TfLiteInterpreter::options() const {
  Options options;
  options.shapes = shapes_;
  options.operators = own_table_;
  options.delegates = delegation_.claims();
  options.preserve_inputs = true;
  options.preserve_all = settings_.preserve_all;
  options.main_may_fail = settings_.main_may_fail;
  options.random_seed = settings_.random_seed;
  if (settings_.max_calls > 0) options.max_calls = settings_.max_calls;
  if (threads_ > 1) options.team = const_cast<pipit::Team*>(&team_);
  options.profiler = profiler();
  return options;
}

pipit::OpTable TfLiteInterpreter::operators() const {
  return settings_.selected_only ? pipit::OpTable() : pipit::all_operators();
}

// ---- shapes and memory

TfLiteStatus TfLiteInterpreter::resize(int s, int input, const int* dims, int count, bool strict) {
  if (input < 0 || static_cast<size_t>(input) >= model().inputs(s).size()) {
    return fail(kTfLiteError, "there is no input %d", input);
  }
  if (count < 0 || count > Shape::kMaxRank || (dims == nullptr && count != 0)) {
    return fail(kTfLiteError, "input %d cannot have %d dimensions", input, count);
  }
  TfLiteTensor& t = *subgraph(s).tensor(model().inputs(s)[static_cast<size_t>(input)]);
  Shape shape;
  shape.rank = count;
  std::copy(dims, dims + count, shape.dims);
  Type type = Type::kFloat32;
  const int64_t bytes =
      pipit::compat::type_from(t.type, &type) ? pipit::dense_bytes(type, shape) : -1;
  if (bytes < 0) {
    return fail(kTfLiteError, "input %d, '%s': a dimension is negative, or it is too large", input,
                t.name);
  }
  if (t.allocation_type == kTfLiteMmapRo || t.is_variable) {
    return fail(kTfLiteError, "input %d, '%s', has a fixed size", input, t.name);
  }
  const TfLiteIntArray* open = TfLiteTensorGetDimsSignature(&t);
  for (int i = 0; strict && i <= count; ++i) {
    if (i < count && open->size == count && (open->data[i] == -1 || dims[i] == t.dims->data[i])) {
      continue;
    }
    if (i == count && open->size == count) break;
    return fail(kTfLiteError, "input %d, '%s': the model leaves open only dimensions that are -1",
                input, t.name);
  }
  if (TfLiteIntArrayEqualsArray(t.dims, count, dims) && t.data.raw != nullptr) return kTfLiteOk;
  const auto same = [&](const InputShape& o) { return o.subgraph == s && o.input == input; };
  shapes_.erase(std::remove_if(shapes_.begin(), shapes_.end(), same), shapes_.end());
  shapes_.push_back({input, shape, s});
  ready_ = false;
  subgraph(s).set_dims(&t, shape);
  if (type == Type::kString) return kTfLiteOk;
  subgraph(s).give(model().inputs(s)[static_cast<size_t>(input)], nullptr);
  t.bytes = static_cast<size_t>(bytes);
  return kTfLiteOk;
}

TfLiteStatus TfLiteInterpreter::allocate_all() {
  if (!ready_) {
    if (const TfLiteStatus s = plan_and_delegate(); s != kTfLiteOk) return s;
  }
  const TfLiteStatus bound = bind_allocations();
  ready_ = bound == kTfLiteOk;
  return bound;
}

TfLiteStatus TfLiteInterpreter::plan() {
  Message why;
  Plan made;
  Status status = Code::kUnsupported;
  delegation_.learned();
  for (size_t tries = 0; tries <= unresolved_.size() && !status.ok(); ++tries) {
    why = {};
    status = Plan::make(model(), options(), operators(), &made, &why);
    if (!delegation_.learned()) break;
  }
  if (!status.ok()) return fail(kTfLiteError, "%s", why.text());
  if (!plan_.empty()) carry_inputs(plan_.net(), made.net());
  if (keep_variables_) carry_variables(plan_.net(), made.net());
  take_plan(std::move(made));
  update_views();
  return kTfLiteOk;
}

void TfLiteInterpreter::take_plan(Plan plan) {
  const std::lock_guard<std::mutex> lock(plan_mutex_);
  std::swap(plan_, plan);
}

Status TfLiteInterpreter::try_plan(Message* why) const {
  return Interpreter::required_memory(model(), operators(), options(), why).status();
}

// What inputs hold that have not been resized stays.
void TfLiteInterpreter::carry_inputs(const Interpreter& from, Interpreter& to) const {
  for (int s = 0; s < model().subgraphs(); ++s) {
    for (int i = 0; i < to.inputs(s); ++i) {
      const Tensor* old = from.input(i, s);
      const Tensor* now = to.input(i, s);
      if (old == nullptr || now->storage != Storage::kActivation || now->bytes != old->bytes ||
          now->type == Type::kString || old->data == nullptr || now->data == nullptr) {
        continue;
      }
      std::memcpy(now->data, old->data, now->bytes);
    }
  }
}

void TfLiteInterpreter::carry_variables(const Interpreter& from, Interpreter& to) const {
  for (int s = 0; s < model().subgraphs(); ++s) {
    for (int i = 0; i < to.tensors(s); ++i) {
      const Tensor old = from.tensor(i, s);
      const Tensor now = to.tensor(i, s);
      if (now.storage != Storage::kVariable || old.storage != now.storage) continue;
      if (old.bytes != now.bytes) continue;
      std::memcpy(now.data, old.data, now.bytes);
    }
  }
}

// A plan knows how many threads there are, so there is another one.
TfLiteStatus TfLiteInterpreter::set_threads(int32_t threads) {
  if (threads < -1) return fail(kTfLiteError, "there cannot be %d threads", threads);
  settings_.threads = threads;
  threads_ = threads_of(settings_);
  team_.stop();
  if (threads_ > 1) threads_ = team_.start(threads_);
  for (const auto& s : subgraphs_) {
    if (s != nullptr) s->context().recommended_num_threads = threads_;
  }
  if (!ready_) return kTfLiteOk;
  keep_variables_ = true;
  const TfLiteStatus planned = plan();
  keep_variables_ = false;
  return planned == kTfLiteOk ? bind_allocations() : planned;
}

void TfLiteInterpreter::update_views() {
  for (const auto& s : subgraphs_) {
    if (s != nullptr) s->update_all(plan_.net());
  }
}

TfLiteStatus TfLiteInterpreter::set_allocation(int tensor, const TfLiteCustomAllocation& allocation,
                                               int64_t flags) {
  const Span<const int32_t> in = model().inputs(), out = model().outputs();
  const bool end = std::find(in.begin(), in.end(), tensor) != in.end() ||
                   std::find(out.begin(), out.end(), tensor) != out.end();
  TfLiteTensor* t = subgraph(0).tensor(tensor);
  if (!end || t == nullptr || t->allocation_type == kTfLiteMmapRo || t->is_variable ||
      t->type == kTfLiteString) {
    return fail(kTfLiteError, "tensor %d is no input or output that takes the caller's bytes",
                tensor);
  }
  if (allocation.data == nullptr || allocation.bytes < t->bytes) {
    return fail(kTfLiteError, "tensor %d, '%s', needs %zu bytes, the allocation has %zu", tensor,
                t->name, t->bytes, allocation.data == nullptr ? 0 : allocation.bytes);
  }
  if ((flags & kTfLiteCustomAllocationFlagsSkipAlignCheck) == 0 &&
      reinterpret_cast<uintptr_t>(allocation.data) % kAllocationAlign != 0) {
    return fail(kTfLiteError, "the allocation for tensor %d does not start at a multiple of 64",
                tensor);
  }
  allocations_[{0, tensor}] = allocation;
  return kTfLiteOk;
}

TfLiteStatus TfLiteInterpreter::bind_allocations() {
  for (const auto& [place, allocation] : allocations_) {
    TfLiteTensor& t = *subgraph(place.first).tensor(place.second);
    if (allocation.bytes < t.bytes) {
      return fail(kTfLiteError, "tensor %d, '%s', needs %zu bytes, its allocation has %zu",
                  place.second, t.name, t.bytes, allocation.bytes);
    }
    subgraph(place.first).give(place.second, allocation.data);
    t.allocation_type = kTfLiteCustom;
  }
  return kTfLiteOk;
}

// ---- running

// Inputs and outputs whose `data` is not where the plan has it: an allocation of the application, a
// pointer that it wrote there itself, or strings.
TfLiteStatus TfLiteInterpreter::bind_one(int s, int position, bool input) {
  Interpreter& net = plan_.net();
  const Tensor& t = input ? *net.input(position, s) : *net.output(position, s);
  const TfLiteTensor* shown = subgraph(s).shown(t.index);
  if (shown == nullptr || shown->data.data == nullptr || shown->data.data == t.data) {
    return kTfLiteOk;
  }
  if (t.storage != Storage::kActivation || (t.type == Type::kString && !input)) return kTfLiteOk;
  Message why;
  const size_t bytes = t.type == Type::kString ? shown->bytes : t.bytes;
  const Status status = input ? net.bind_input(position, shown->data.data, bytes, &why, s)
                              : net.bind_output(position, shown->data.data, bytes, &why, s);
  return status.ok() ? kTfLiteOk : fail(kTfLiteError, "%s", why.text());
}

TfLiteStatus TfLiteInterpreter::bind_changed(int s) {
  for (int i = 0; i < plan_.net().inputs(s); ++i) {
    if (const TfLiteStatus bad = bind_one(s, i, true); bad != kTfLiteOk) return bad;
  }
  for (int i = 0; i < plan_.net().outputs(s); ++i) {
    if (const TfLiteStatus bad = bind_one(s, i, false); bad != kTfLiteOk) return bad;
  }
  return kTfLiteOk;
}

TfLiteStatus TfLiteInterpreter::invoke_once(int s, int signature) {
  if (const TfLiteStatus bad = bind_changed(s); bad != kTfLiteOk) return bad;
  Message why;
  Interpreter& net = plan_.net();
  delegation_.failed();
  const Status status = signature < 0 ? net.invoke(&why) : net.invoke_signature(signature, &why);
  if (!status.ok()) {
    if (net.cancelled()) return fail(kTfLiteCancelled, "cancelled");
    return fail(delegation_.failed() ? kTfLiteDelegateError : kTfLiteError, "%s", why.text());
  }
  subgraph(s).update_outcome(net);
  return kTfLiteOk;
}

TfLiteStatus TfLiteInterpreter::invoke_or_fall_back(int s, int signature) {
  if (!ready_) return fail(kTfLiteError, "invoked before AllocateTensors()");
  const TfLiteStatus status = invoke_once(s, signature);
  if (status != kTfLiteDelegateError || !settings_.fallback) return status;
  delegation_.undo();
  delegation_.forget_applied();
  ready_ = false;
  if (const TfLiteStatus bad = allocate(); bad != kTfLiteOk) return bad;
  const TfLiteStatus again = invoke_once(s, signature);
  return again == kTfLiteOk ? kTfLiteDelegateError : again;
}

TfLiteStatus TfLiteInterpreter::reset_variables() {
  if (!ready_) return kTfLiteOk;  // allocating does it
  plan_.net().reset_variables();
  return kTfLiteOk;
}

TfLiteStatus TfLiteInterpreter::cancel() const {
  if (!settings_.cancellable) {
    return fail(kTfLiteError, "cancelling is not enabled in the interpreter's options");
  }
  const std::lock_guard<std::mutex> lock(plan_mutex_);
  if (!plan_.empty()) plan_.net().cancel();
  return kTfLiteOk;
}

TfLiteExternalContext* TfLiteInterpreter::external(TfLiteExternalContextType type) const {
  const auto i = static_cast<size_t>(type);
  return i < std::size(externals_) ? externals_[i] : nullptr;
}

void TfLiteInterpreter::set_external(TfLiteExternalContextType type,
                                     TfLiteExternalContext* context) {
  const auto i = static_cast<size_t>(type);
  if (i < std::size(externals_)) externals_[i] = context;
}
