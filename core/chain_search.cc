// SPDX-License-Identifier: Apache-2.0
// Which steps become chains: around the step where most bytes are alive, the ones that lower that
// most, then around the next such step, until it no longer pays.
#include <algorithm>

#include "core/chain_work.h"
#include "core/chains.h"
#include "core/lifetimes.h"

namespace pipit {
namespace {

// Steps before and behind the worst one that are tried.
constexpr int32_t kReach = 20;
// A chain must save one part in so many of the bytes.
constexpr int32_t kWorthwhile = 16;
// A chain that is longer by a step must save one part in so many more.
constexpr int32_t kLinkWorth = 48;
// Bands are tried from the thickest to the thinnest. Chains may cost one part in so many of the
// work of the whole graph.
constexpr int32_t kThickest = 8;
constexpr int64_t kWorkPart = 50;
// Of chains, how many results are kept, since the same are asked for again and again.
constexpr int32_t kMostMeasured = 512;

struct Search {
  State& state;
  Graph& graph;
  const Planning& planning;
  Lifetimes own = {};     // of each tensor
  Lifetimes shared = {};  // of the blocks in which tensors share bytes
  int32_t* root = nullptr;
  int32_t* producer = nullptr;  // the step that computes the tensor, or -1
  int32_t* active = nullptr;    // the activations...
  int32_t active_count = 0;
  int32_t* near = nullptr;  // ...and those that are alive at a step which is tried
  int32_t near_count = 0;
  ByteCount* bytes = nullptr;     // alive at each step...
  ByteCount top = {};             // ...and the most of them
  ByteCount* before = nullptr;    // the most at steps before this one...
  ByteCount* behind = nullptr;    // ...and from this one on
  int32_t* chain_end = nullptr;   // where the chain ends that begins here; 0: none does
  int32_t* chain_from = nullptr;  // the first step of the chain that a step belongs to
  int32_t* paid_ends = nullptr;   // chain_end as it was when it paid...
  int32_t* best_ends = nullptr;   // ...and with the best thickness
  int32_t thickness = 0;          // of bands
  LinkPlan* links = nullptr;
  // What a chain takes that has been measured, at a place of its own or another's.
  struct Measured {
    int32_t from = 0, end = 0, thickness = 0;
    bool over = false;
    ByteCount bytes;
    ByteCount list;    // of these, what stays while other steps run
    int64_t work = 0;  // of its calls, beyond one call of each operator
  };
  Measured* measured = nullptr;
  int32_t measured_count = 0;

  struct Choice {
    int32_t from = 0, end = 0;
    ByteCount bytes;                          // alive in it
    ByteCount peak = ByteCount::unbounded();  // of the graph with it
  };

  bool take_memory() {
    Arena& pool = *state.pool;
    const auto tensors = static_cast<size_t>(graph.tensor_count);
    const auto steps = static_cast<size_t>(graph.step_count) + 1;
    root = pool.temporary_array<int32_t>(tensors);
    producer = pool.temporary_array<int32_t>(tensors);
    active = pool.temporary_array<int32_t>(tensors);
    near = pool.temporary_array<int32_t>(tensors);
    bytes = pool.temporary_array<ByteCount>(steps);
    before = pool.temporary_array<ByteCount>(steps);
    behind = pool.temporary_array<ByteCount>(steps);
    chain_end = pool.temporary_array<int32_t>(steps);
    chain_from = pool.temporary_array<int32_t>(steps);
    paid_ends = pool.temporary_array<int32_t>(steps);
    best_ends = pool.temporary_array<int32_t>(steps);
    links = pool.temporary_array<LinkPlan>(kMaxLinks);
    measured_count = std::min(4 * graph.step_count, kMostMeasured);
    measured = pool.temporary_array<Measured>(static_cast<size_t>(measured_count));
    if (measured == nullptr) return false;
    std::fill_n(measured, measured_count, Measured());
    return root && producer && active && near && bytes && before && behind && chain_end &&
           chain_from && paid_ends && best_ends && links;
  }

  void find_tensors() {
    find_producers(graph, producer);
    for (int32_t i = 0; i < graph.tensor_count; ++i) {
      const bool used = own.last[i] >= 0 && graph.tensors[i].storage == Storage::kActivation;
      if (used) active[active_count++] = i;
    }
  }

  // What looks at so much in a large graph, or walks so many rows, is not done without end.
  bool may_look_at(int64_t things) {
    state.chain_looks += static_cast<uint64_t>(things);
    return !looked_enough(state, Measure::kEstimate);
  }

  // The bytes alive at each step while there are no chains.
  void find_bytes() {
    ByteCount* begin = before;  // that come to life at each step...
    ByteCount* end = behind;    // ...and that are gone at it
    std::fill_n(begin, graph.step_count + 1, ByteCount());
    std::fill_n(end, graph.step_count + 1, ByteCount());
    for (int32_t a = 0; a < active_count; ++a) {
      const int32_t i = active[a];
      if (root[i] != i) continue;
      begin[shared.first[i]] += graph.tensors[i].bytes;
      if (shared.last[i] < graph.step_count) end[shared.last[i] + 1] += graph.tensors[i].bytes;
    }
    ByteCount sum;
    for (int32_t s = 0; s < graph.step_count; ++s) {
      sum = sum + begin[s] - end[s];
      bytes[s] = sum + planning.scratch[s];
      chain_end[s] = 0;
      chain_from[s] = s;
    }
  }

  // Of the steps that need not be lowered themselves before the peak is.
  void find_peaks() {
    const int32_t n = graph.step_count;
    top = *std::max_element(bytes, bytes + n);
    const auto low = [&](int32_t s) { return enough(bytes[s], top) ? bytes[s] : ByteCount(); };
    before[0] = behind[n] = ByteCount();
    for (int32_t s = 0; s < n; ++s) before[s + 1] = std::max(before[s], low(s));
    for (int32_t s = n; s-- > 0;) behind[s] = std::max(behind[s + 1], low(s));
  }

  Status prepare() {
    PIPIT_TRY(find_lifetimes(state, graph, &own));
    PIPIT_TRY(find_lifetimes(state, graph, &shared));
    if (!take_memory()) return Code::kArenaTooSmall;
    share_blocks(state, graph, planning, shared, root);
    find_tensors();
    std::fill_n(chain_end, graph.step_count, 0);
    return {};
  }

  // Whether a tensor lives in these steps alone, and not as the output of the last.
  bool inside(int32_t tensor, int32_t from, int32_t end) const {
    const int32_t p = producer[tensor];
    return p >= from && p < end - 1 && own.last[tensor] < end;
  }

  // Whether all that a step shares with the steps [from, step) it can get row by row.
  bool joins(int32_t step, int32_t from) const {
    const Step& s = graph.steps[step];
    const int32_t wanted = planning.rows[step](s).inputs;
    for (int i = 0; i < wanted; ++i) {
      if (s.input(i).shape[1] < 1) return false;
    }
    for (int i = wanted; i < s.inputs; ++i) {
      if (s.tensors[i] != nullptr && producer[s.input(i).index] >= from) return false;
    }
    return true;
  }

  int32_t readers(int32_t tensor, int32_t from, int32_t end) const {
    int32_t n = 0;
    for (int32_t s = from; s < end; ++s) {
      const Step& step = graph.steps[s];
      n += std::find(step.tensors, step.tensors + step.inputs, &graph.tensors[tensor]) !=
           step.tensors + step.inputs;
    }
    return n;
  }

  // Whether these steps hand all but the last output to one another.
  bool closed(int32_t from, int32_t end) const {
    for (int32_t s = from; s < end; ++s) {
      if (!joins(s, from)) return false;
      const int32_t out = graph.steps[s].output(0).index;
      if (s == end - 1) break;
      if (!inside(out, from, end)) return false;
      const int32_t n = readers(out, s + 1, end);
      if (n == 0 || n > kMaxReaders) return false;
    }
    return true;
  }

  // What is alive during the chain beside its own memory.
  ByteCount bytes_outside(int32_t from, int32_t end) const {
    ByteCount sum;
    for (int32_t a = 0; a < near_count; ++a) {
      const int32_t i = near[a];
      if (own.first[i] >= end || own.last[i] < from || inside(i, from, end)) continue;
      const int32_t r = root[i];
      const bool own_block = r == i || inside(r, from, end) || producer[i] == end - 1 ||
                             own.first[r] >= end || own.last[r] < from;
      if (own_block) sum += graph.tensors[i].bytes;
    }
    return sum;
  }

  // ---- outputs that are written over what the chain reads

  // Whether the steps read nothing of the tensor's block but the tensor, row by row. The last one
  // may if it can write in place.
  bool reads_only(const ChainSteps& c, const Tensor& tensor) const {
    const int32_t block = root_of(root, tensor.index);
    for (int32_t s = c.from; s < c.end; ++s) {
      const Step& step = graph.steps[s];
      for (int i = 0; i < step.inputs; ++i) {
        const Tensor* t = step.tensors[i];
        if (t == nullptr || root_of(root, t->index) != block) continue;
        if (t != &tensor || i >= planning.rows[s](step).inputs) return false;
        if (s == c.end - 1 && !in_place(step, tensor)) return false;
      }
    }
    return true;
  }

  bool in_place(const Step& step, const Tensor& input) const {
    const Tensor& out = step.output(0);
    return planning.share[out.index] == input.index &&
           planning.exact[out.index] == Planning::kInPlace && out.shape == input.shape &&
           out.bytes == input.bytes;
  }

  // The largest tensor that the chain reads whole, whose block nobody needs behind it and which has
  // room for the output.
  const Tensor* find_over(const ChainSteps& c) const {
    const size_t wanted = graph.steps[c.end - 1].output(0).bytes;
    const Tensor* best = nullptr;
    for (int32_t s = c.from; s < c.end; ++s) {
      const Step& step = graph.steps[s];
      for (int i = 0; i < step.inputs; ++i) {
        const Tensor* t = step.tensors[i];
        if (t == nullptr || t->storage != Storage::kActivation || producer[t->index] >= c.from) {
          continue;
        }
        const int32_t block = root_of(root, t->index);
        const bool free = own.last[t->index] < c.end && shared.last[block] < c.end;
        const bool fits = t->bytes >= wanted && t->shape[1] > 0;
        if (free && fits && (best == nullptr || t->bytes > best->bytes) && reads_only(c, *t)) {
          best = t;
        }
      }
    }
    return best;
  }

  // Lists stay while all else comes and goes. Who asks for so many rows wants them.
  ByteCount kept_lists(const ChainPlan& c) const {
    return state.options.band_rows != 0 ? ByteCount() : c.list_bytes();
  }

  const Measured& measure(int32_t from, int32_t end) {
    const uint32_t key = static_cast<uint32_t>(from) * kMaxLinks + static_cast<uint32_t>(end);
    Measured& known = measured[key % static_cast<uint32_t>(measured_count)];
    if (known.from == from && known.end == end && known.thickness == thickness) return known;
    const ChainPlan c =
        make_chain(state, graph, planning, steps_of(from, end), Measure::kEstimate, links);
    const ByteCount list = kept_lists(c);
    known = {from, end, thickness, c.over != nullptr, c.bytes() + list, list};
    if (c.share_bytes.bounded()) known.work = work_of_calls(c);
    return known;
  }

  // What the chain of these steps takes.
  Choice choice_of(int32_t from, int32_t end, ByteCount outside) {
    const Measured& chain = measure(from, end);
    Choice choice = {from, end, outside + chain.bytes};
    if (chain.over) choice.bytes -= output_bytes(end);
    return choice;
  }

  ChainSteps steps_of(int32_t from, int32_t end) const {
    return {from, end, find_over({from, end}), thickness};
  }

  size_t output_bytes(int32_t end) const { return graph.steps[end - 1].output(0).bytes; }

  static ByteCount price(ByteCount peak, int32_t steps) { return peak * (kLinkWorth + steps); }

  void find_near(int32_t from, int32_t end) {
    near_count = 0;
    for (int32_t a = 0; a < active_count; ++a) {
      const int32_t i = active[a];
      if (own.first[i] < end && own.last[i] >= from) near[near_count++] = i;
    }
  }

  void consider(int32_t from, int32_t end, Choice* best) {
    const ByteCount elsewhere = std::max(before[from], behind[end]);
    // What does not pay at all may be cheap, but stands in nobody's way.
    const auto better = [&](ByteCount inner) {
      const ByteCount peak = std::max(inner, elsewhere);
      return enough(peak, top) &&
             price(peak, end - from) < price(best->peak, best->end - best->from);
    };
    const ByteCount outside = bytes_outside(from, end);
    if (!may_look_at(near_count) || !better(outside - output_bytes(end))) return;
    Choice choice = choice_of(from, end, outside);
    choice.peak = std::max(choice.bytes, elsewhere);
    if (better(choice.bytes)) *best = choice;
  }

  bool by_rows(int32_t step) const { return planning.rows[step] != nullptr; }

  Choice best_around(int32_t worst) {
    Choice best;
    if (!by_rows(worst)) return best;
    int32_t first = worst, last = worst + 1;
    while (first > 0 && worst - first < kReach && by_rows(first - 1)) --first;
    while (last < graph.step_count && last - worst < kReach && by_rows(last)) ++last;
    find_near(first, last);
    for (int32_t from = worst; from >= first; --from) {
      if (chain_from[from] != from) continue;
      for (int32_t end = std::max(worst, from + 1) + 1; end <= last; ++end) {
        if (end - from > kMaxLinks || (end < graph.step_count && chain_from[end] != end)) continue;
        if (end - from > 1 && closed(from, end)) consider(from, end, &best);
      }
    }
    return best;
  }

  // ---- a chain in two: each keeps less, and between them a whole tensor exists

  struct Split {
    Choice left, right;
    ByteCount peak = ByteCount::unbounded();
  };

  // A part of a chain, or a step of it alone.
  Choice part(int32_t from, int32_t end) {
    Choice c = {from, end, bytes_outside(from, end)};
    if (end - from == 1) {
      c.bytes += planning.scratch[from];
    } else if (closed(from, end)) {
      c = choice_of(from, end, c.bytes);
    } else {
      c.bytes = ByteCount::unbounded();
    }
    return c;
  }

  Split best_split(int32_t from) {
    Split best;
    const int32_t end = chain_end[from];
    if (end == 0) return best;
    find_near(from, end);
    const ByteCount elsewhere = std::max(before[from], behind[end]);
    for (int32_t at = from + 1; at < end && may_look_at(near_count); ++at) {
      const Split s = {part(from, at), part(at, end)};
      const ByteCount peak = std::max({s.left.bytes, s.right.bytes, elsewhere});
      if (peak < best.peak) best = {s.left, s.right, peak};
    }
    return best;
  }

  void accept(const Choice& choice) {
    for (int32_t s = choice.from; s < choice.end; ++s) {
      bytes[s] = choice.bytes;
      chain_end[s] = 0;
      chain_from[s] = choice.from;
    }
    if (choice.end - choice.from > 1) chain_end[choice.from] = choice.end;
  }

  // Whether it pays to bring the most bytes down from `peak` to `less`.
  bool enough(ByteCount less, ByteCount peak) const {
    const size_t bound = state.options.max_activation_bytes;
    if (bound != 0 && peak > bound) return less < peak;
    return less * kWorthwhile < peak * (kWorthwhile - 1);
  }

  // Each step among those with the most bytes is lowered by itself: the peak falls with the last of
  // them, and what did not bring it down, or costs more work than that, is forgotten. Returns the
  // peak with `paid_ends`.
  ByteCount lower_peak(int64_t work) {
    find_bytes();
    for (ByteCount reached = ByteCount::unbounded();;) {
      if (!may_look_at(int64_t{graph.step_count} + active_count)) return reached;
      find_peaks();
      const ByteCount all = most_with_lists();
      if (enough(all, reached) && work_of_chains() <= work) {
        reached = all;
        std::copy_n(chain_end, graph.step_count, paid_ends);
      }
      const auto worst =
          static_cast<int32_t>(std::find(bytes, bytes + graph.step_count, top) - bytes);
      const Choice choice = best_around(worst);
      const Split split = best_split(chain_from[worst]);
      const ByteCount least = std::min(choice.peak, split.peak);
      if (!enough(least, top)) return reached;
      if (choice.peak == least) {
        accept(choice);
      } else {
        accept(split.left);
        accept(split.right);
      }
    }
  }

  // The most bytes alive at a step, the lists of all chains among them.
  ByteCount most_with_lists() {
    ByteCount most, lists;
    for (int32_t from = 0, end = 0; from < graph.step_count; from = end) {
      const bool chain = chain_end[from] != 0;
      end = chain ? chain_end[from] : from + 1;
      const ByteCount list = chain ? measure(from, end).list : ByteCount();
      most = std::max(most, bytes[from] - list);
      lists += list;
    }
    return most + lists;
  }

  // What the calls of all chains cost beyond one call of each operator.
  int64_t work_of_chains() {
    int64_t work = 0;
    for (int32_t from = 0; from < graph.step_count; ++from) {
      if (chain_end[from] != 0) work += measure(from, chain_end[from]).work;
    }
    return work;
  }

  int64_t work_of_graph() const {
    int64_t work = 0;
    for (int32_t s = 0; s < graph.step_count; ++s) {
      if (by_rows(s)) work += work_of(graph.steps[s], planning.rows[s](graph.steps[s]));
    }
    return work;
  }

  // Returns whether there is any chain.
  bool where_they_pay() {
    const bool bounded = state.options.max_activation_bytes != 0 || state.options.band_rows != 0;
    const int64_t most = bounded ? INT64_MAX : work_of_graph() / kWorkPart;
    ByteCount best = ByteCount::unbounded();
    std::fill_n(best_ends, graph.step_count, 0);
    int32_t chosen = 0;
    for (thickness = bounded ? 0 : kThickest;; thickness /= 2) {
      std::fill_n(paid_ends, graph.step_count, 0);
      const ByteCount peak = lower_peak(most);
      if (peak < best) {
        best = peak;
        chosen = thickness;
        std::copy_n(paid_ends, graph.step_count, best_ends);
      }
      if (thickness <= 1) break;
    }
    thickness = chosen;
    std::copy_n(best_ends, graph.step_count, chain_end);
    return std::any_of(chain_end, chain_end + graph.step_count, [](int32_t end) { return end; });
  }

  // The longest chains, from the first step on.
  bool everywhere() {
    bool any = false;
    for (int32_t from = 0, end = 0; from < graph.step_count; from = std::max(end, from + 1)) {
      end = from;
      for (int32_t to = from; to < graph.step_count && to - from < kMaxLinks && by_rows(to); ++to) {
        if (to > from && closed(from, to + 1)) end = to + 1;
      }
      if (end == from) continue;
      chain_end[from] = end;
      any = true;
    }
    return any;
  }

  bool run() { return state.options.bands == Bands::kEverywhere ? everywhere() : where_they_pay(); }
};

// The whole tensors that a chain reads, and its output.
Status collect_tensors(State& state, const ChainPlan& c, Step* joined) {
  size_t most = 1;
  for (int32_t i = 0; i < c.count; ++i) {
    const LinkPlan& link = c.plans[i];
    for (int k = 0; k < link.rows.inputs; ++k) most += link.source[k] < 0 ? 1 : 0;
  }
  Tensor** list = state.pool->take_array<Tensor*>(most);
  if (list == nullptr) return Code::kArenaTooSmall;
  size_t n = 0;
  for (int32_t i = 0; i < c.count; ++i) {
    const LinkPlan& link = c.plans[i];
    for (int k = 0; k < link.rows.inputs; ++k) {
      Tensor* t = link.step.tensors[k];
      if (link.source[k] < 0 && std::find(list, list + n, t) == list + n) list[n++] = t;
    }
  }
  joined->inputs = static_cast<uint16_t>(n);
  joined->outputs = 1;
  list[n] = const_cast<Tensor*>(&c.last().step.output(0));
  joined->tensors = list;
  return {};
}

// One step that is the chain of these steps; none when to measure it takes too long.
Status join(State& state, Graph& graph, const Planning& planning, const ChainSteps& steps,
            LinkPlan* links, Step* joined, ByteCount* scratch) {
  *joined = Step();
  const ChainPlan plan = make_chain(state, graph, planning, steps, Measure::kExact, links);
  if (!plan.share_bytes.bounded()) return {};
  Chain* chain = keep_chain(state, plan);
  if (chain == nullptr) return Code::kArenaTooSmall;
  PIPIT_TRY(collect_tensors(state, plan, joined));
  joined->run = run_chain;
  joined->parameters = chain;
  joined->variant = "bands";
  joined->node = graph.steps[steps.from].node;
  const int32_t out = joined->output(0).index;
  planning.share[out] = plan.over == nullptr ? Planning::kNobody : plan.over->index;
  planning.exact[out] = Planning::kOver;
  *scratch = chain->bytes();
  if (state.last_chain != nullptr) chain->index = state.last_chain->index + 1;
  (state.last_chain == nullptr ? state.chains : state.last_chain->next) = chain;
  state.last_chain = chain;
  return {};
}

// Whether any two steps could be one.
bool any_pair(const Graph& graph, const Planning& planning) {
  for (int32_t s = 1; s < graph.step_count; ++s) {
    if (planning.rows[s - 1] != nullptr && planning.rows[s] != nullptr) return true;
  }
  return false;
}

}  // namespace

Status form_chains(State& state, Graph& graph, const Planning& planning) {
  const bool unwanted =
      state.options.preserve_all || graph.late || state.options.bands == Bands::kNever;
  if (unwanted || !any_pair(graph, planning)) return {};
  const size_t mark = state.pool->temporary_mark();
  Search search = {state, graph, planning};
  PIPIT_TRY(search.prepare());
  if (!search.run()) {
    state.pool->release_temporary(mark);
    return {};
  }
  int32_t to = 0;
  for (int32_t from = 0, end = 0; from < graph.step_count; from = end) {
    const int32_t chain = search.chain_end[from];
    end = chain == 0 ? from + 1 : chain;
    Step joined;
    ByteCount scratch;
    if (chain != 0) {
      PIPIT_TRY(join(state, graph, planning, search.steps_of(from, end), search.links, &joined,
                     &scratch));
    }
    if (joined.run != nullptr) {
      graph.steps[to] = joined;
      planning.scratch[to++] = scratch;
      continue;
    }
    for (int32_t s = from; s < end; ++s, ++to) {
      graph.steps[to] = graph.steps[s];
      planning.scratch[to] = planning.scratch[s];
    }
  }
  graph.step_count = to;
  state.pool->release_temporary(mark);
  return {};
}

}  // namespace pipit
