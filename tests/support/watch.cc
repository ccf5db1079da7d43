// SPDX-License-Identifier: Apache-2.0
#include "tests/support/watch.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/chains.h"

namespace pipit::test {
namespace {

// When a tensor has its value: written in step `from` (-1: before the first), read last in step
// `to` (that behind the last one: by the application or the calling graph; -1: never).
struct Life {
  int32_t from = -1, to = -1;
};

void note_step(const Step& step, int32_t at, std::vector<Life>* lives) {
  for (int i = 0; i < step.inputs + step.outputs; ++i) {
    if (step.tensors[i] == nullptr) continue;
    Life& life = (*lives)[static_cast<size_t>(step.tensors[i]->index)];
    life.to = std::max(life.to, at);
    if (i >= step.inputs) life.from = at;
  }
}

std::vector<Life> lives_of(const State& state, const Graph& graph) {
  std::vector<Life> lives(static_cast<size_t>(graph.tensor_count));
  const auto keep = [&](const Tensor& t) {
    lives[static_cast<size_t>(t.index)].to = graph.step_count;
  };
  for (int32_t s = 0; s < graph.step_count; ++s) note_step(graph.steps[s], s, &lives);
  for (int i = 0; i < graph.outputs(); ++i) keep(graph.output(i));
  for (int i = 0; state.options.preserve_inputs && i < graph.inputs(); ++i) keep(graph.input(i));
  for (int32_t i = 0; i < graph.tensor_count; ++i) {
    const Tensor& t = graph.tensors[i];
    if (state.options.preserve_all || t.constant() || t.storage == Storage::kVariable) keep(t);
  }
  return lives;
}

// The newest graph from `g` on that has a plan: one whose planning failed while running stays in
// the list until the next invocation.
const Graph* next_planned(const Graph* g) {
  while (g != nullptr && g->progress == Graph::Progress::kPlanning) g = g->older;
  return g;
}

bool in_arena(const State& state, const void* at) {
  const auto* byte = static_cast<const uint8_t*>(at);
  return byte >= state.arena.base() && byte < state.arena.base() + state.arena.size();
}

struct Range {
  uintptr_t begin = 0, end = 0;
  bool meets(const Range& o) const { return begin < o.end && o.begin < end; }
};

Range range_of(const void* at, size_t bytes) {
  const auto begin = reinterpret_cast<uintptr_t>(at);
  return {begin, begin + bytes};
}

// ---- the plan

// Bytes that are in use from step `first` to step `last`.
struct Piece {
  std::string what;
  Range range;
  int32_t first, last;
  int32_t tensor;  // -1: memory of a step
};

std::string tensor_name(const Graph& graph, int32_t tensor) {
  return "tensor " + std::to_string(tensor) + " of subgraph " + std::to_string(graph.index);
}

// A graph as it was planned: where each activation is, whatever an application has bound since.
struct Planned {
  const Graph& graph;
  std::vector<Life> lives;
  std::vector<const void*> places;

  Planned(const State& state, const Graph& g) : graph(g), lives(lives_of(state, g)) {
    for (int32_t i = 0; i < g.tensor_count; ++i) places.push_back(g.tensors[i].data);
    if (!g.entry) return;
    for (int i = 0; i < g.inputs(); ++i) place(g.input(i)) = g.home[i];
    for (int i = 0; i < g.outputs(); ++i) place(g.output(i)) = g.home[g.inputs() + i];
  }

  const void*& place(const Tensor& t) { return places[static_cast<size_t>(t.index)]; }

  static bool placed(const Tensor& t) {
    return t.storage == Storage::kActivation && t.bytes != 0 && t.type != Type::kString;
  }

  // The earliest tensor that `tensor` shares its place with because a step makes it of that one.
  int32_t origin(int32_t tensor) const {
    for (;;) {
      const int32_t made = lives[static_cast<size_t>(tensor)].from;
      if (made < 0) return tensor;
      const Step& step = graph.steps[made];
      const void* at = places[static_cast<size_t>(tensor)];
      Tensor* const* input = std::find_if(step.tensors, step.tensors + step.inputs, [&](Tensor* t) {
        return t != nullptr && placed(*t) && places[static_cast<size_t>(t->index)] == at;
      });
      if (input == step.tensors + step.inputs) return tensor;
      tensor = (*input)->index;
    }
  }

  // What is written over an input is there together with it in that step alone; longer, if it is
  // the same.
  bool share_on_purpose(const Piece& a, const Piece& b) const {
    if (a.tensor < 0 || b.tensor < 0 || a.range.begin != b.range.begin) return false;
    const bool longer = std::min(a.last, b.last) > std::max(a.first, b.first);
    if (longer && a.range.end != b.range.end) return false;
    return origin(a.tensor) == origin(b.tensor);
  }

  std::vector<Piece> pieces() const {
    std::vector<Piece> pieces;
    for (int32_t i = 0; i < graph.tensor_count; ++i) {
      const Tensor& t = graph.tensors[i];
      if (!placed(t)) continue;
      const auto k = static_cast<size_t>(i);
      pieces.push_back({tensor_name(graph, i), range_of(places[k], t.bytes),
                        std::max(lives[k].from, 0), std::max(lives[k].to, 0), i});
    }
    for (int32_t s = 0; s < graph.step_count; ++s) {
      const Chain* chain = chain_of(graph.steps[s]);
      if (chain == nullptr || chain->bytes() == 0) continue;
      pieces.push_back({"the chain of step " + std::to_string(s),
                        range_of(graph.steps[s].scratch, chain->bytes().size()), s, s, -1});
    }
    return pieces;
  }
};

std::string overlap_of(const Piece& a, const Piece& b) {
  return a.what + " and " + b.what + " share bytes while both are needed";
}

std::string overlap_in(const State& state, const Graph& graph) {
  const Planned planned(state, graph);
  std::vector<Piece> pieces = planned.pieces();
  std::sort(pieces.begin(), pieces.end(),
            [](const Piece& a, const Piece& b) { return a.range.begin < b.range.begin; });
  for (auto a = pieces.begin(); a != pieces.end(); ++a) {
    for (auto b = a + 1; b != pieces.end() && b->range.begin < a->range.end; ++b) {
      const bool together = a->first <= b->last && b->first <= a->last;
      if (together && !planned.share_on_purpose(*a, *b)) return overlap_of(*a, *b);
    }
  }
  return "";
}

// The rings of a chain's share lie one behind the other, and what its operators use behind them.
std::string overlap_in(const Chain& chain) {
  for (int32_t i = 0; i + 1 < chain.count; ++i) {
    const Link& link = chain.links[i];
    const size_t end =
        link.ring + static_cast<size_t>(link.capacity) * static_cast<size_t>(link.row_bytes);
    const size_t next = i + 2 < chain.count ? chain.links[i + 1].ring : chain.scratch;
    if (end <= next) continue;
    return "ring " + std::to_string(i) + " of chain " + std::to_string(chain.index) +
           " reaches into what lies behind it";
  }
  return chain.scratch <= chain.share_bytes.size() ? "" : "a chain is larger than its shares";
}

// All that a plan keeps, and the activations of each graph that may not share them with others.
std::vector<Piece> kept_pieces(const State& state) {
  std::vector<Piece> pieces;
  const auto add = [&](const std::string& what, const void* at, size_t bytes) {
    if (bytes != 0) pieces.push_back({what, range_of(at, bytes), 0, 0, -1});
  };
  add("the state", &state, sizeof(State));
  for (int32_t i = 0; i < state.subgraph_count; ++i) {
    const Subgraph& s = state.subgraphs[i];
    add("the variables of subgraph " + std::to_string(i), s.variables, s.variable_bytes);
  }
  for (const Graph* g = next_planned(state.newest); g != nullptr; g = next_planned(g->older)) {
    add("the tensors of a graph", g->tensors.kept,
        static_cast<size_t>(g->tensors.kept_count) * sizeof(Tensor));
    add("the steps of a graph", g->steps, static_cast<size_t>(g->step_count) * sizeof(Step));
  }
  for (const StateBlock* b = state.blocks; b != nullptr; b = b->next) {
    add("the state of an operator", b->data, b->bytes);
  }
  for (int32_t i = 0; i < state.resource_count; ++i) {
    add("a resource", state.resources[i].home, state.resources[i].planned);
  }
  for (const Chain* c = state.chains; c != nullptr; c = c->next) {
    add("the links of a chain", c->links, static_cast<size_t>(c->count) * sizeof(Link));
    add("the calls of a chain", c->calls,
        static_cast<size_t>(c->ends[c->shares - 1]) * sizeof(ChainCall));
  }
  return pieces;
}

// All activations of a graph as one; called graphs that never run together share theirs.
void add_graphs(const State& state, std::vector<Piece>* pieces) {
  std::vector<Piece> of_height(kMaxGraphDepth);
  for (const Graph* g = next_planned(state.newest); g != nullptr; g = next_planned(g->older)) {
    const bool own = g->entry || state.options.preserve_all;
    Range all = {UINTPTR_MAX, 0};
    for (const Piece& p : Planned(state, *g).pieces()) {
      all = {std::min(all.begin, p.range.begin), std::max(all.end, p.range.end)};
    }
    if (all.end == 0) continue;
    Piece& shared = of_height[static_cast<size_t>(g->height)];
    const Range old = shared.range;
    const bool first = own || shared.what.empty();
    const Piece piece = {
        "the activations of subgraph " + std::to_string(g->index),
        first ? all : Range{std::min(all.begin, old.begin), std::max(all.end, old.end)}, 0, 0, -1};
    if (own) pieces->push_back(piece);
    if (!own) shared = piece;
  }
  for (const Piece& p : of_height) {
    if (!p.what.empty()) pieces->push_back(p);
  }
}

}  // namespace

std::string find_overlap(const State& state) {
  std::string wrong;
  for (const Graph* g = next_planned(state.newest); wrong.empty() && g != nullptr;
       g = next_planned(g->older)) {
    wrong = overlap_in(state, *g);
  }
  for (const Chain* c = state.chains; wrong.empty() && c != nullptr; c = c->next) {
    wrong = overlap_in(*c);
  }
  if (!wrong.empty()) return wrong;
  std::vector<Piece> pieces = kept_pieces(state);
  add_graphs(state, &pieces);
  std::sort(pieces.begin(), pieces.end(),
            [](const Piece& a, const Piece& b) { return a.range.begin < b.range.begin; });
  for (size_t i = 1; i < pieces.size(); ++i) {
    if (pieces[i - 1].range.meets(pieces[i].range)) return overlap_of(pieces[i - 1], pieces[i]);
  }
  return "";
}

// ---- the bytes

namespace {

// What may change in the part of the arena that persists.
std::vector<Range> changeable(const State& state) {
  std::vector<Range> ranges = {range_of(&state, sizeof(State))};
  const auto add = [&](const void* at, size_t bytes) { ranges.push_back(range_of(at, bytes)); };
  add(state.subgraphs, static_cast<size_t>(state.subgraph_count) * sizeof(Subgraph));
  for (int32_t i = 0; i < state.subgraph_count; ++i) {
    const Subgraph& s = state.subgraphs[i];
    const auto* operators = state.file_subgraph(i).operators();
    add(s.variables, s.variable_bytes);
    if (s.counters != nullptr) add(s.counters, operators->size() * sizeof(uint64_t));
  }
  for (const Graph* g = next_planned(state.newest); g != nullptr; g = next_planned(g->older)) {
    add(g, sizeof(Graph));
    add(g->tensors.kept, static_cast<size_t>(g->tensors.kept_count) * sizeof(Tensor));
  }
  for (const StateBlock* b = state.blocks; b != nullptr; b = b->next) add(b->data, b->bytes);
  add(state.resources, static_cast<size_t>(state.resource_count) * sizeof(Resource));
  for (int32_t i = 0; i < state.resource_count; ++i) {
    add(state.resources[i].home, state.resources[i].planned);
  }
  return ranges;
}

std::vector<uint8_t> persistent_bytes(const State& state) {
  std::vector<uint8_t> bytes(state.arena.base(),
                             state.arena.base() + state.memory.persistent_bytes);
  for (const Range& r : changeable(state)) {
    const uintptr_t from = r.begin - reinterpret_cast<uintptr_t>(state.arena.base());
    if (from < bytes.size()) std::fill_n(bytes.data() + from, r.end - r.begin, uint8_t{0});
  }
  return bytes;
}

// Of a subgraph only one plan runs at a time.
const Graph* running(const State& state, int32_t subgraph) {
  const Graph* g = state.newest;
  while (g != nullptr && (g->index != subgraph || g->progress != Graph::Progress::kRunning)) {
    g = g->older;
  }
  return g;
}

bool names(const Step& step, const Tensor& t) {
  Tensor* const* end = step.tensors + step.inputs + step.outputs;
  return std::find(step.tensors, end, &t) != end;
}

}  // namespace

struct Watch::Frame {
  struct Kept {
    const Tensor* tensor;
    std::vector<uint8_t> bytes;
  };

  std::unique_ptr<Frame> outer;
  const Graph* graph = nullptr;
  std::vector<Kept> kept;
  std::vector<uint8_t> persistent;
  bool calls = false;  // other graphs: then its parameters may hold what they hand on

  Frame(const State& state, const StepInfo& info, std::unique_ptr<Frame> around)
      : outer(std::move(around)), graph(running(state, info.subgraph)) {
    int32_t at = 0;
    while (graph->steps[at].node != info.node) ++at;
    const std::vector<Life> lives = lives_of(state, *graph);
    for (int32_t i = 0; i < graph->tensor_count; ++i) {
      const Life& life = lives[static_cast<size_t>(i)];
      if (life.from < at && life.to > at) keep(state, graph->steps[at], graph->tensors[i]);
    }
    persistent = persistent_bytes(state);
    if (outer != nullptr) outer->calls = true;
  }

  void keep(const State& state, const Step& step, const Tensor& t) {
    if (t.data == nullptr || t.bytes == 0 || t.storage == Storage::kNone) return;
    if (t.storage == Storage::kVariable && names(step, t)) return;
    if (t.constant() && !in_arena(state, t.data)) return;
    kept.push_back({&t, {t.as<uint8_t>(), t.as<uint8_t>() + t.bytes}});
  }

  std::string changed(const State& state) const {
    for (const Kept& k : kept) {
      const bool same = k.tensor->bytes == k.bytes.size() &&
                        std::memcmp(k.tensor->data, k.bytes.data(), k.bytes.size()) == 0;
      if (!same)
        return " changes " + tensor_name(*graph, k.tensor->index) + ", which is read later";
    }
    if (!calls && persistent != persistent_bytes(state)) return " changes the plan";
    return "";
  }
};

Watch::Watch(State& state) : state_(state) { state.options.profiler = profiler(); }

Watch::~Watch() = default;

void Watch::step(void* context, const StepInfo& info, bool begins) {
  Watch& watch = *static_cast<Watch*>(context);
  if (begins) {
    watch.innermost_ = std::make_unique<Frame>(watch.state_, info, std::move(watch.innermost_));
    return;
  }
  const std::string changed = watch.innermost_->changed(watch.state_);
  if (watch.wrong_.empty() && !changed.empty()) {
    watch.wrong_ = info.op + (" (operator " + std::to_string(info.node)) + ")" + changed;
  }
  watch.innermost_ = std::move(watch.innermost_->outer);
}

}  // namespace pipit::test
