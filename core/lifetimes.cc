// SPDX-License-Identifier: Apache-2.0
// When each activation of a graph is alive, which of them share bytes, and where all of them go.
#include "core/lifetimes.h"

#include <algorithm>

namespace pipit {

Status find_lifetimes(State& state, const Graph& graph, Lifetimes* life) {
  const auto tensors = static_cast<size_t>(graph.tensor_count);
  int32_t* first = life->first = state.pool->temporary_array<int32_t>(tensors);
  int32_t* last = life->last = state.pool->temporary_array<int32_t>(tensors);
  if (first == nullptr || last == nullptr) return Code::kArenaTooSmall;
  // What the caller reads lives until after the last step: that one must not write over it either.
  const int32_t end = graph.step_count;
  for (int32_t i = 0; i < graph.tensor_count; ++i) {
    first[i] = state.options.preserve_all ? 0 : INT32_MAX;
    last[i] = state.options.preserve_all ? end : -1;
  }
  const auto use = [&](const Tensor* t, int32_t at) {
    first[t->index] = std::min(first[t->index], at);
    last[t->index] = std::max(last[t->index], at);
  };
  for (int32_t s = 0; s < graph.step_count; ++s) {
    const Step& step = graph.steps[s];
    for (int i = 0; i < step.inputs + step.outputs; ++i) {
      if (step.tensors[i] != nullptr) use(step.tensors[i], s);
    }
  }
  for (int i = 0; i < graph.inputs(); ++i) {
    use(&graph.input(i), 0);
    if (state.options.preserve_inputs) use(&graph.input(i), end);
  }
  for (int i = 0; i < graph.outputs(); ++i) use(&graph.output(i), end);
  return {};
}

void find_producers(const Graph& graph, int32_t* producer) {
  std::fill_n(producer, graph.tensor_count, -1);
  for (int32_t s = 0; s < graph.step_count; ++s) {
    const Step& step = graph.steps[s];
    for (int o = 0; o < step.outputs; ++o) producer[step.output(o).index] = s;
  }
}

namespace {

// Merges `t` into the block of `into`.
void merge(int32_t* root, const Lifetimes& life, int32_t t, int32_t into) {
  root[t] = into;
  life.first[into] = std::min(life.first[into], life.first[t]);
  life.last[into] = std::max(life.last[into], life.last[t]);
}

}  // namespace

void share_blocks(const State& state, const Graph& graph, const Planning& planning,
                  const Lifetimes& life, int32_t* root) {
  for (int32_t i = 0; i < graph.tensor_count; ++i) root[i] = i;
  if (state.options.preserve_all) return;
  for (const uint8_t how : {Planning::kAlias, Planning::kInPlace}) {
    const bool exact = how == Planning::kAlias;
    for (int32_t s = 0; s < graph.step_count; ++s) {
      const Step& step = graph.steps[s];
      for (int o = 0; o < step.outputs; ++o) {
        const Tensor& out = step.output(o);
        const int32_t wanted = planning.share[out.index];
        if (wanted == Planning::kNobody || planning.exact[out.index] != how) continue;
        const Tensor& in = graph.tensors[wanted];
        const int32_t block = root_of(root, wanted);
        const int32_t mine = root_of(root, out.index);
        if (in.storage != Storage::kActivation || out.storage != Storage::kActivation ||
            block == mine || graph.tensors[block].bytes < graph.tensors[mine].bytes ||
            life.first[mine] < s || (!exact && life.last[block] > s)) {
          continue;
        }
        merge(root, life, mine, block);
      }
    }
  }
}

namespace {

// Whether every block lies in the placement, and every activation in the block that it has.
bool blocks_inside(const Graph& graph, Span<const Block> blocks, const int32_t* root,
                   const int32_t* block_of) {
  for (const Block& b : blocks) {
    if (b.offset + b.bytes > graph.placement.bytes) return false;
  }
  for (const Tensor& t : graph.tensors) {
    if (t.storage != Storage::kActivation) continue;
    if (blocks[static_cast<size_t>(block_of[root_of(root, t.index)])].bytes < t.bytes) return false;
  }
  return true;
}

void tell(const State& state, const Graph& graph, const Block& b, int32_t tensor, int32_t step) {
  const PlanListener& listener = state.options.listener;
  if (listener.block == nullptr) return;
  // In its first step, what is over another block has no bytes of its own.
  const int32_t first = b.over >= 0 && b.first < b.last ? b.first + 1 : b.first;
  listener.block(listener.context,
                 {graph.index, tensor, step, b.offset.size(), b.bytes.size(), first, b.last});
}

// What a step writes over an input that ends with it.
void find_over(const Graph& graph, const Planning& planning, const int32_t* root,
               const int32_t* block_of, Span<Block> blocks) {
  if (blocks.size() + static_cast<size_t>(graph.step_count) > kExactBlocks) return;
  for (int32_t s = 0; s < graph.step_count; ++s) {
    const Step& step = graph.steps[s];
    if (step.outputs == 0 || planning.exact[step.output(0).index] != Planning::kOver) continue;
    const int32_t wanted = planning.share[step.output(0).index];
    if (wanted == Planning::kNobody) continue;
    const int32_t under = block_of[root_of(root, wanted)];
    Block& block = blocks[static_cast<size_t>(block_of[root_of(root, step.output(0).index)])];
    if (blocks[static_cast<size_t>(under)].last == s && block.first == s) block.over = under;
  }
}

}  // namespace

Status place_activations(State& state, Graph& graph, const Planning& planning, Message* why) {
  Arena& arena = *state.pool;
  const auto tensors = static_cast<size_t>(graph.tensor_count);
  Lifetimes life;
  PIPIT_TRY(find_lifetimes(state, graph, &life));
  int32_t* root = arena.temporary_array<int32_t>(tensors);
  int32_t* block_of = arena.temporary_array<int32_t>(tensors);
  if (root == nullptr || block_of == nullptr) return Code::kArenaTooSmall;
  share_blocks(state, graph, planning, life, root);
  const auto has_block = [&](const Tensor& t) {
    return t.storage == Storage::kActivation && root[t.index] == t.index && life.last[t.index] >= 0;
  };
  const auto with_scratch =
      static_cast<size_t>(graph.step_count) -
      static_cast<size_t>(std::count(planning.scratch, planning.scratch + graph.step_count, 0));
  size_t n =
      static_cast<size_t>(std::count_if(graph.tensors.begin(), graph.tensors.end(), has_block)) +
      with_scratch;
  Block* blocks = arena.temporary_array<Block>(n);
  if (blocks == nullptr) return Code::kArenaTooSmall;
  n = 0;
  for (const Tensor& t : graph.tensors) {
    const int32_t i = t.index;
    if (!has_block(t)) continue;
    block_of[i] = static_cast<int32_t>(n);
    blocks[n++] = {t.bytes, {}, life.first[i], life.last[i]};
  }
  const size_t tensor_blocks = n;
  find_over(graph, planning, root, block_of, {blocks, n});
  for (int32_t s = 0; s < graph.step_count; ++s) {
    if (planning.scratch[s] != 0) blocks[n++] = {planning.scratch[s], {}, s, s};
  }
  if (!place({blocks, n}, graph.step_count + 1, arena, &state.placement_pairs, &graph.placement)) {
    return Code::kArenaTooSmall;
  }
  for (Tensor& t : graph.tensors) {
    const int32_t i = t.index;
    if (t.storage != Storage::kActivation) continue;
    const int32_t r = root_of(root, i);
    if (life.last[r] < 0) {  // nobody reads or writes it
      t.storage = Storage::kNone;
      continue;
    }
    t.data = reinterpret_cast<void*>(static_cast<uintptr_t>(blocks[block_of[r]].offset.size()));
    if (r == i) tell(state, graph, blocks[block_of[r]], i, -1);
  }
  n = tensor_blocks;
  for (int32_t s = 0; s < graph.step_count; ++s) {
    const ByteCount offset = planning.scratch[s] != 0 ? blocks[n].offset : 0;
    if (planning.scratch[s] != 0) tell(state, graph, blocks[n++], -1, s);
    graph.steps[s].scratch = reinterpret_cast<uint8_t*>(static_cast<uintptr_t>(offset.size()));
  }
  if (graph.placement.bytes.bounded() && !blocks_inside(graph, {blocks, n}, root, block_of)) {
    text(why, "internal error: activations of subgraph ", graph.index, " lie outside of the plan");
    return Code::kBadModel;
  }
  return {};
}

void bind_activations(Graph& graph, uint8_t* base) {
  for (Tensor& t : graph.tensors) {
    if (t.storage == Storage::kActivation) t.data = base + reinterpret_cast<uintptr_t>(t.data);
  }
  for (int32_t s = 0; s < graph.step_count; ++s) {
    Step& step = graph.steps[s];
    step.scratch = base + reinterpret_cast<uintptr_t>(step.scratch);
  }
  if (!graph.entry) return;
  for (int i = 0; i < graph.inputs(); ++i) graph.home[i] = graph.input(i).data;
  for (int i = 0; i < graph.outputs(); ++i) {
    graph.home[graph.inputs() + i] = graph.output(i).data;
  }
}

namespace {

bool has_own_bytes(const State& state, const Graph& graph) {
  return graph.entry || state.options.preserve_all;
}

// Entries keep their bytes, for the application reads and writes them. A graph that is called needs
// bytes only while it runs, and then no other graph of its height does: those share theirs.
Placement measure_activations(const State& state, Placement* shared) {
  Placement all;
  for (const Graph* g = state.newest; g != nullptr; g = g->older) {
    if (has_own_bytes(state, *g)) {
      all.bytes += g->placement.bytes;
      all.lower_bound += g->placement.lower_bound;
    } else {
      Placement& p = shared[g->height];
      p.bytes = std::max(p.bytes, g->placement.bytes);
      p.lower_bound = std::max(p.lower_bound, g->placement.lower_bound);
    }
  }
  for (int32_t h = 0; h < kMaxGraphDepth; ++h) {
    all.bytes += shared[h].bytes;
    all.lower_bound += shared[h].lower_bound;
  }
  return all;
}

// Whether all that a plan has given out lies where it may: lists and variables below the end of
// what persists, and activations, of which every graph's lie inside of its placement, below `end`.
bool all_inside(const State& state, const uint8_t* next, const uint8_t* end) {
  const auto low = reinterpret_cast<uintptr_t>(state.arena.base());
  const uint64_t persistent = state.memory.persistent_bytes;
  const auto inside = [&](const void* at, ByteCount bytes) {
    const uint64_t from = reinterpret_cast<uintptr_t>(at) - low;  // beyond all, if it is below
    return bytes == 0 || bytes + from <= persistent;
  };
  bool all = next <= end;
  for (const Graph* g = state.newest; all && g != nullptr; g = g->older) {
    all = inside(g->tensors.kept, ByteCount(g->tensors.kept_count) * sizeof(Tensor)) &&
          inside(g->steps, ByteCount(g->step_count) * sizeof(Step));
    for (const Tensor& t : g->tensors) {
      all = all && (t.storage != Storage::kVariable || inside(t.data, t.bytes));
    }
  }
  return all;
}

}  // namespace

Status bind_addresses(State& state, Message* why) {
  Arena& arena = state.arena;
  MemoryPlan& memory = state.memory;
  Placement shared[kMaxGraphDepth];
  const ByteCount persistent = ByteCount(arena.low_mark()).aligned(kArenaAlign);
  const Placement activations = measure_activations(state, shared);
  memory.persistent_bytes = persistent.size();
  memory.activation_bytes = activations.bytes.size();
  memory.lower_bound_bytes = activations.lower_bound.size();
  memory.arena_bytes = std::max((persistent + activations.bytes).size(), arena.peak());
  memory.separate_bytes = std::max(memory.persistent_bytes, arena.peak());
  Span<uint8_t> room = state.options.activations;
  const bool separate = !room.empty();
  if ((separate ? memory.separate_bytes : memory.arena_bytes) > arena.size()) {
    return Code::kArenaTooSmall;
  }
  if (!separate) {
    room = {arena.base() + memory.persistent_bytes, arena.size() - memory.persistent_bytes};
  }
  if (memory.activation_bytes > room.size()) return Code::kArenaTooSmall;
  uint8_t* next = room.data();
  uint8_t* base[kMaxGraphDepth];
  for (int32_t h = 0; h < kMaxGraphDepth; ++h) {
    base[h] = next;
    next += shared[h].bytes.size();
  }
  for (Graph* g = state.newest; g != nullptr; g = g->older) {
    const bool own = has_own_bytes(state, *g);
    bind_activations(*g, own ? next : base[g->height]);
    if (own) next += g->placement.bytes.size();
  }
  if (!all_inside(state, next, room.data() + memory.activation_bytes)) {
    text(why, "internal error: the plan leads outside of its memory");
    return Code::kBadModel;
  }
  state.room = room.subspan(memory.activation_bytes, room.size() - memory.activation_bytes);
  free_dynamic(state);
  return {};
}

}  // namespace pipit
