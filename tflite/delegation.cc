// SPDX-License-Identifier: Apache-2.0
#include "tflite/delegation.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "tflite/interpreter.h"

namespace pipit::compat {
namespace {

TfLiteIntArray* list_of(const std::vector<int32_t>& from) {
  TfLiteIntArray* list = TfLiteIntArrayCreate(static_cast<int>(from.size()));
  if (list == nullptr) throw std::bad_alloc();
  std::copy(from.begin(), from.end(), list->data);
  return list;
}

std::vector<int32_t> numbers(const Partition& p) {
  std::vector<int32_t> nodes;
  for (int i = 0; i < p.nodes(); ++i) nodes.push_back(p.number(i));
  return nodes;
}

void sort_unique(std::vector<int32_t>* list) {
  std::sort(list->begin(), list->end());
  list->erase(std::unique(list->begin(), list->end()), list->end());
}

// What the partition reads from outside, constants among them.
std::vector<int32_t> inputs_of(const Partition& p) {
  std::vector<int32_t> inside, read;
  for (int i = 0; i < p.nodes(); ++i) {
    const Node node = p.node(i);
    inside.insert(inside.end(), node.outputs.begin(), node.outputs.end());
    read.insert(read.end(), node.inputs.begin(), node.inputs.end());
  }
  sort_unique(&inside);
  sort_unique(&read);
  const auto skipped = [&](int32_t t) {
    return t < 0 || std::binary_search(inside.begin(), inside.end(), t);
  };
  read.erase(std::remove_if(read.begin(), read.end(), skipped), read.end());
  return read;
}

std::vector<int32_t> outputs_of(const Partition& p) {
  std::vector<int32_t> list;
  for (int i = 0; i < p.outputs(); ++i) list.push_back(p.output(i).index);
  sort_unique(&list);
  return list;
}

bool wants(const Delegate& self, const Partition& candidate) {
  const auto& claim = static_cast<const Claim&>(self);
  return candidate.subgraph() == claim.subgraph &&
         claim.wanted[static_cast<size_t>(candidate.number(0))] != 0;
}

Status prepare_claim(const Delegate& self, Partition& p) {
  auto& claim = const_cast<Claim&>(static_cast<const Claim&>(self));
  return guarded(claim.all->net().report(), Status(Code::kUnsupported),
                 [&] { return claim.all->prepare(claim, p); });
}

// What a partition's step keeps; in the plan.
struct PartStep {
  Delegation* all;
  Part* part;
};

// An output that the delegate has in a buffer of its own, or put elsewhere, comes to where the next
// step looks for it.
TfLiteStatus collect_output(Subgraph& graph, const Tensor& t) {
  TfLiteTensor& shown = *graph.tensor(t.index);
  if (shown.data_is_stale && !graph.owner().keeps_handle(graph, t.index)) {
    if (const TfLiteStatus s = copy_from_handle(&graph.context(), &shown); s != kTfLiteOk) return s;
  }
  if (shown.data.data == t.data) return kTfLiteOk;
  if (shown.data.data == nullptr || shown.bytes != t.bytes) return kTfLiteError;
  std::memcpy(t.data, shown.data.data, t.bytes);
  graph.give(t.index, t.data);
  return kTfLiteOk;
}

TfLiteStatus run_kernel(const Step& step, Delegation& all, Part& part) {
  Subgraph& graph = all.net().subgraph(part.subgraph);
  for (int i = 0; i < step.inputs; ++i) graph.update(step.input(i));
  for (int i = 0; i < step.outputs; ++i) graph.update_output(step.output(i), true);
  place_temporaries(graph, part.view, step.scratch);
  const TfLiteStatus status = part.view.kernel.invoke(&graph.context(), &part.view.node);
  for (int i = 0; status == kTfLiteOk && i < step.outputs; ++i) {
    if (const TfLiteStatus s = collect_output(graph, step.output(i)); s != kTfLiteOk) return s;
  }
  return status;
}

Status run_part(const Step& step, Run& run) {
  const auto& own = *step.params<PartStep>();
  const TfLiteStatus status = guarded(own.all->net().report(), kTfLiteError,
                                      [&] { return run_kernel(step, *own.all, *own.part); });
  if (status == kTfLiteOk) return {};
  own.all->note_failure();
  return run.fail(step, "failed with status ", static_cast<int32_t>(status));
}

Status run_nothing(const Step&, Run&) { return Code::kRunFailed; }

}  // namespace

Part::~Part() {
  TfLiteIntArrayFree(params.nodes_to_replace);
  TfLiteIntArrayFree(params.input_tensors);
  TfLiteIntArrayFree(params.output_tensors);
}

// ---- claims

std::unique_ptr<Claim> Delegation::make_claim(int subgraph, const Kernel& kernel,
                                              const TfLiteIntArray* nodes,
                                              TfLiteDelegate* delegate) {
  auto claim = std::make_unique<Claim>();
  const int count = net_.model().nodes(subgraph);
  claim->wanted.resize(static_cast<size_t>(count));
  claim->taken.resize(static_cast<size_t>(count));
  for (int i = 0; i < nodes->size; ++i) {
    const int node = nodes->data[i];
    if (node < 0 || node >= count || computes(subgraph, node)) return nullptr;
    claim->wanted[static_cast<size_t>(node)] = 1;
  }
  const char* name = kernel.external != nullptr ? TfLiteOperatorGetCustomName(kernel.external)
                                                : kernel.registration.custom_name;
  claim->label = name == nullptr ? "delegate" : name;
  if (!claims_.empty()) claim->label += " " + std::to_string(claims_.size() + 1);
  claim->name = claim->label.c_str();
  claim->claims = wants;
  claim->prepare = prepare_claim;
  claim->theirs = delegate;
  claim->all = this;
  claim->kernel = kernel;
  claim->subgraph = subgraph;
  return claim;
}

// Core finds the partitions, by planning for nobody.
TfLiteStatus Delegation::find_parts(Claim& claim) {
  table_.push_back(&claim);
  trial_ = true;
  Message why;
  const Status status = net_.try_plan(&why);
  trial_ = false;
  table_.pop_back();
  return status.ok() ? kTfLiteOk : net_.fail(kTfLiteError, "%s", why.text());
}

std::unique_ptr<Part> Delegation::make_part(Claim& claim, const Partition& p) const {
  auto part = std::make_unique<Part>();
  part->subgraph = p.subgraph();
  part->nodes = numbers(p);
  const std::vector<int32_t> inputs = inputs_of(p), outputs = outputs_of(p);
  part->params.delegate = claim.theirs;
  part->params.nodes_to_replace = list_of(part->nodes);
  part->params.input_tensors = list_of(inputs);
  part->params.output_tensors = list_of(outputs);
  part->opaque_params = {claim.theirs, TfLiteOpaqueDelegateGetData(claim.theirs),
                         part->params.nodes_to_replace, part->params.input_tensors,
                         part->params.output_tensors};
  NodeView& view = part->view;
  view.kernel = claim.kernel;
  view.own = true;
  view.registration = claim.kernel.registration;
  view.registration.builtin_code = kTfLiteBuiltinDelegate;
  view.registration.registration_external = const_cast<TfLiteOperator*>(claim.kernel.external);
  view.node.inputs = list_of(inputs);
  view.node.outputs = list_of(outputs);
  view.node.intermediates = list_of({});
  view.node.temporaries = list_of({});
  view.node.delegate = claim.theirs;
  view.node.builtin_data = &part->params;
  if (claim.kernel.external != nullptr) view.node.builtin_data = &part->opaque_params;
  return part;
}

Part* Delegation::part_of(Claim& claim, const Partition& p) {
  Part*& part = claim.part_of_nodes[numbers(p)];
  if (part != nullptr) return part;
  claim.parts.push_back(make_part(claim, p));
  part = claim.parts.back().get();
  for (const int32_t node : part->nodes) claim.taken[static_cast<size_t>(node)] = 1;
  return part;
}

TfLiteStatus Delegation::initialize(Claim& claim, Part& part) {
  if (part.view.initialized) return kTfLiteOk;
  TfLiteContext* context = &net_.subgraph(part.subgraph).context();
  const auto* params = static_cast<const char*>(part.view.node.builtin_data);
  const bool looking = std::exchange(looking_, false);
  allow_graph_functions(context);  // it may look at the nodes that it replaces
  part.view.node.user_data = part.view.kernel.init(context, params, 0);
  if (!looking) forbid_graph_functions(context);
  looking_ = looking;
  if (part.view.node.user_data == TfLiteKernelInitFailed()) {
    return net_.fail(kTfLiteError, "%s: its init function failed", claim.name);
  }
  part.view.initialized = true;
  return kTfLiteOk;
}

void Delegation::free_kernels(Claim& claim) {
  for (const auto& part : claim.parts) {
    if (!part->view.initialized) continue;
    TfLiteContext* context = &net_.subgraph(part->subgraph).context();
    part->view.kernel.free(context, part->view.node.user_data);
  }
  claim.parts.clear();
  claim.part_of_nodes.clear();
}

void Delegation::undo() {
  for (const auto& claim : claims_) free_kernels(*claim);
  table_.clear();
  claims_.clear();
  shown_operators_.clear();
}

bool Delegation::computes(int subgraph, int node) const {
  return std::any_of(claims_.begin(), claims_.end(), [&](const auto& claim) {
    return claim->subgraph == subgraph && claim->taken[static_cast<size_t>(node)] != 0;
  });
}

bool Delegation::fixed_shapes() const {
  for (const TfLiteDelegate* d : applied_) {
    if ((flags_of(*d) & kTfLiteDelegateFlagsAllowDynamicTensors) == 0) return true;
  }
  return false;
}

// ---- planning

bool Delegation::learned_shape(const Tensor& t, Shape* shape) const {
  const auto found = shapes_.find(t.file_tensor);
  if (found == shapes_.end()) return false;
  *shape = found->second;
  return true;
}

// A kernel may know better than the file what an operator gives that nobody else computes.
Status Delegation::check_shapes(Subgraph& graph, const Partition& p) {
  for (int i = 0; i < p.outputs(); ++i) {
    Shape shape;
    const Tensor& t = p.output(i);
    if (!shape_of(graph.tensor(t.index)->dims, &shape)) shape = t.shape;
    if (shape == t.shape) continue;
    if (net_.is_missing(p.node(p.nodes() - 1))) {
      shapes_[t.file_tensor] = shape;
      learned_ = true;
    }
    note_failure();
    return p.fail(Code::kUnsupported, "wants another shape for ", t);
  }
  return {};
}

Status Delegation::plan_part(Claim& claim, Part& part, Partition& p) {
  Subgraph& graph = net_.subgraph(part.subgraph);
  for (int i = 0; i < part.view.node.inputs->size; ++i) {
    const Tensor* t = p.tensor(part.view.node.inputs->data[i]);
    if (t != nullptr) graph.update(*t, t->constant());
  }
  for (int i = 0; i < p.outputs(); ++i) graph.update_output(p.output(i), false);
  if (initialize(claim, part) != kTfLiteOk) return p.fail(Code::kUnsupported, "failed to begin");
  const TfLiteStatus status = part.view.kernel.prepare(&graph.context(), &part.view.node);
  if (status != kTfLiteOk) {
    note_failure();
    return p.fail(Code::kUnsupported, "failed to prepare, with status ",
                  static_cast<int32_t>(status));
  }
  PIPIT_TRY(check_shapes(graph, p));
  if (!keep_temporaries(graph, part.view)) {
    return p.fail(Code::kUnsupported, "names a temporary that is not there");
  }
  p.scratch(scratch_bytes(graph, part.view));
  auto* step = p.allocate<PartStep>();
  if (step == nullptr) return Code::kArenaTooSmall;
  *step = {this, &part};
  return p.run(run_part, step);
}

Status Delegation::prepare(Claim& claim, Partition& p) {
  Part& part = *part_of(claim, p);
  return trial_ ? p.run(run_nothing) : plan_part(claim, part, p);
}

// ---- what a delegate may ask while it looks

TfLiteStatus Delegation::execution_plan(int subgraph, TfLiteIntArray** plan) {
  std::multimap<int32_t, int32_t> begins;    // parts by their first node
  int index = net_.model().nodes(subgraph);  // parts have the numbers behind those of the nodes
  for (const auto& claim : claims_) {
    if (claim->subgraph != subgraph) continue;
    for (const auto& part : claim->parts) begins.emplace(part->nodes[0], index++);
  }
  std::vector<int32_t> order;
  for (int i = 0; i < net_.model().nodes(subgraph); ++i) {
    const auto [first, last] = begins.equal_range(i);
    for (auto at = first; at != last; ++at) order.push_back(at->second);
    if (!computes(subgraph, i)) order.push_back(i);
  }
  if (plan == nullptr) return net_.fail(kTfLiteError, "there is no place for the plan");
  plan_.reset(list_of(order));
  *plan = plan_.get();
  return kTfLiteOk;
}

NodeView* Delegation::view_of(int subgraph, int index) const {
  int behind = index - net_.model().nodes(subgraph);
  if (index < 0) return nullptr;
  if (behind < 0) return &net_.subgraph(subgraph).node(index);
  for (const auto& claim : claims_) {
    if (claim->subgraph != subgraph) continue;
    const auto parts = static_cast<int>(claim->parts.size());
    if (behind < parts) return &claim->parts[static_cast<size_t>(behind)]->view;
    behind -= parts;
  }
  return nullptr;
}

TfLiteStatus Delegation::node_at(int subgraph, int index, TfLiteNode** node,
                                 TfLiteRegistration** op) {
  NodeView* found = view_of(subgraph, index);
  if (found == nullptr) return net_.fail(kTfLiteError, "there is no node %d", index);
  if (node != nullptr) *node = &found->node;
  if (op != nullptr) *op = &found->registration;
  return kTfLiteOk;
}

TfLiteStatus Delegation::preview(int subgraph, const TfLiteIntArray* nodes,
                                 TfLiteDelegateParams** parts, int* count) {
  if (nodes == nullptr || parts == nullptr || count == nullptr || !looking_) return kTfLiteError;
  previewed_ = make_claim(subgraph, {}, nodes, nullptr);
  if (previewed_ == nullptr) return net_.fail(kTfLiteError, "a delegate asks for a wrong node");
  if (const TfLiteStatus s = find_parts(*previewed_); s != kTfLiteOk) return s;
  preview_.clear();
  for (const auto& part : previewed_->parts) preview_.push_back(part->params);
  *parts = preview_.data();
  *count = static_cast<int>(preview_.size());
  return kTfLiteOk;
}

TfLiteStatus Delegation::replace(int subgraph, const Kernel& kernel, const TfLiteIntArray* nodes,
                                 TfLiteDelegate* delegate) {
  if (!looking_) return net_.fail(kTfLiteError, "only a delegate's Prepare may take nodes");
  if (nodes == nullptr || !kernel.runs()) {
    return net_.fail(kTfLiteError, "a delegate brings no nodes, or nothing that computes them");
  }
  std::unique_ptr<Claim> claim = make_claim(subgraph, kernel, nodes, delegate);
  if (claim == nullptr) return net_.fail(kTfLiteError, "a delegate asks for a wrong node");
  if (const TfLiteStatus s = find_parts(*claim); s != kTfLiteOk) return s;
  claims_.push_back(std::move(claim));
  Claim& kept = *claims_.back();
  table_.push_back(&kept);
  for (const auto& part : kept.parts) {
    if (const TfLiteStatus s = initialize(kept, *part); s != kTfLiteOk) return s;
  }
  return kTfLiteOk;
}

TfLiteStatus Delegation::replace_opaque(Subgraph& graph, TfLiteOperator* op,
                                        const TfLiteIntArray* nodes, TfLiteDelegate* delegate) {
  std::unique_ptr<TfLiteOperator>* place = is_opaque(*delegate) ? &operators_[op] : nullptr;
  if (place != nullptr && *place == nullptr) place->reset(op);
  Kernel kernel;
  kernel.external = op;
  return replace(graph.index(), kernel, nodes, delegate);
}

TfLiteOperator* Delegation::operator_of(const TfLiteRegistration& registration) {
  if (registration.registration_external != nullptr) return registration.registration_external;
  std::unique_ptr<TfLiteOperator>& made = shown_operators_[&registration];
  if (made == nullptr) {
    made = std::make_unique<TfLiteOperator>();
    made->code = static_cast<TfLiteBuiltinOperator>(registration.builtin_code);
    made->named = registration.custom_name != nullptr;
    if (made->named) made->name = registration.custom_name;
    made->version = registration.version;
  }
  return made.get();
}

int Delegation::number_of(int subgraph, int node) const {
  int number = net_.model().nodes(subgraph);
  for (const auto& claim : claims_) {
    if (claim->subgraph != subgraph) continue;
    for (const auto& part : claim->parts) {
      if (part->nodes[0] == node) return number;
      ++number;
    }
  }
  return node;
}

size_t Delegation::count(int subgraph) const {
  auto count = static_cast<size_t>(net_.model().nodes(subgraph));
  for (const auto& claim : claims_) {
    if (claim->subgraph == subgraph) count += claim->parts.size();
  }
  return count;
}

TfLiteStatus Delegation::look(Subgraph& graph, TfLiteDelegate* delegate) {
  graph.show_all();
  allow_graph_functions(&graph.context());
  looking_ = true;
  const TfLiteStatus status = prepare_delegate(&graph.context(), delegate);
  looking_ = false;
  forbid_graph_functions(&graph.context());
  previewed_.reset();
  return status;
}

TfLiteStatus Delegation::apply(TfLiteDelegate* delegate) {
  applied_.push_back(delegate);
  for (int s = 0; s < net_.model().subgraphs(); ++s) {
    if (!net_.is_planned(s) || skipped_.count(s) != 0) continue;
    if (const TfLiteStatus bad = look(net_.subgraph(s), delegate); bad != kTfLiteOk) return bad;
  }
  return kTfLiteOk;
}

}  // namespace pipit::compat
