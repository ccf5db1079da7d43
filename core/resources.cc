// SPDX-License-Identifier: Apache-2.0
// Variables and tables that operators reach by a handle. What is known of their sizes when planning
// is through lies with all that persists; what only an invocation tells is taken from the upper end
// of the arena, block below block.
#include <algorithm>
#include <cstring>

#include "core/limits.h"
#include "core/plan.h"

namespace pipit {
namespace {

// Each is compared with every other.
constexpr int32_t kMaxResources = 1024;

int32_t count_makers(const State& state) {
  int32_t makers = 0;
  for (int32_t g = 0; g < state.subgraph_count; ++g) {
    const auto* nodes = state.file_subgraph(g).operators();
    for (int i = 0; i < count(nodes); ++i) {
      const Op& op = state.op(*at(nodes, i));
      if ((op.flags & kOpMakesResource) != 0) ++makers;
    }
  }
  return makers;
}

bool same_name(const ResourceName& a, const ResourceName& b) {
  return a.number == b.number && std::strcmp(a.name, b.name) == 0 &&
         std::strcmp(a.container, b.container) == 0;
}

// The very texts of the file, which need not be read then.
bool same_place(const ResourceName& a, const ResourceName& b) {
  return a.number == b.number && a.name == b.name && a.container == b.container;
}

// FNV-1a.
uint64_t hash_of(const ResourceName& name) {
  uint64_t hash = 0xcbf29ce484222325u + static_cast<uint64_t>(name.number);
  for (const char* text : {name.name, name.container}) {
    for (; *text != '\0'; ++text) hash = (hash ^ static_cast<uint8_t>(*text)) * 0x100000001b3u;
  }
  return hash;
}

// Many operators may name one long text, and each has to be read to be compared with others.
bool may_read(State& state, const ResourceName& name, bool counts) {
  if (!counts) return true;
  const uint64_t most = most_name_bytes(state.model.file().size());
  uint64_t left = most - state.name_bytes;
  for (const char* text : {name.name, name.container}) {
    const auto read = static_cast<size_t>(std::min<uint64_t>(left, SIZE_MAX));
    left -= strnlen(text, read);
  }
  state.name_bytes = most - left;
  return left != 0;
}

template <class Same>
int32_t find_if(const State& state, const Op& kind, const Same& same) {
  for (int32_t i = 0; i < state.resource_count; ++i) {
    if (state.resources[i].kind == &kind && same(state.resources[i])) return i;
  }
  return -1;
}

// The resource that a handle names; nullptr when there is none of that kind.
Resource* find(const State& state, const Tensor& handle, const Op& kind) {
  int32_t number = -1;
  if (handle.data != nullptr && handle.bytes >= sizeof(number)) {
    std::memcpy(&number, handle.data, sizeof(number));
  }
  if (number < 0 || number >= state.resource_count) return nullptr;
  Resource& resource = state.resources[number];
  return resource.kind == &kind ? &resource : nullptr;
}

void clear(Resource* r) {
  r->is_set = false;
  r->data = r->home;
  r->capacity = r->planned;
  r->bytes = 0;
}

// Moves all blocks at the upper end that lie below `r` down by so much, and begins `r` there.
bool grow(State& state, Resource* r, ByteCount bytes) {
  const bool planned = r->capacity == r->planned;  // it has no block there yet
  const ByteCount capacity = bytes.aligned(kArenaAlign);
  const ByteCount more = capacity - (planned ? 0 : r->capacity);
  Arena& arena = growth(state);
  const uint8_t* begin = arena.base() + arena.size();
  if (!arena.give_up_end(more)) return false;
  const uint8_t* end = planned ? begin : r->data;
  for (int32_t i = 0; i < state.resource_count; ++i) {
    Resource& other = state.resources[i];
    if (other.data >= begin && other.data < end) other.data -= more.size();
  }
  const auto moved = planned ? 0 : static_cast<size_t>(end - begin);
  uint8_t* to = arena.base() + arena.size();
  if (moved != 0) std::memmove(to, begin, moved);
  r->data = to + moved;
  r->capacity = capacity.size();
  return true;
}

}  // namespace

Status init_resources(State& state) {
  const int32_t makers = std::min(count_makers(state), kMaxResources);
  state.resources = state.arena.take_array<Resource>(static_cast<size_t>(makers));
  state.name_hashes = state.arena.take_array<uint64_t>(static_cast<size_t>(makers));
  return state.resources && state.name_hashes ? Code::kOk : Code::kArenaTooSmall;
}

Status place_resources(State& state) {
  for (int32_t i = 0; i < state.resource_count; ++i) {
    Resource& r = state.resources[i];
    r.home = static_cast<uint8_t*>(state.arena.take(r.planned));
    if (r.home == nullptr) return Code::kArenaTooSmall;
  }
  return {};
}

void reset_resources(State& state) {
  for (int32_t i = 0; i < state.resource_count; ++i) clear(&state.resources[i]);
}

// ---- what an operator sees

Status Prepare::make_resource(const ResourceName& name, int32_t* number) {
  const Op& kind = op();
  const bool counts = !late() && !graph_.late;
  *number = find_if(state_, kind, [&](const Resource& r) { return same_place(r.name, name); });
  if (*number >= 0) return {};
  bool readable = may_read(state_, name, counts);
  const uint64_t hash = readable ? hash_of(name) : 0;
  *number = find_if(state_, kind, [&](const Resource& r) {
    if (!readable || state_.name_hashes[&r - state_.resources] != hash) return false;
    readable = may_read(state_, name, counts);
    return readable && same_name(r.name, name);
  });
  if (*number >= 0) return {};
  if (!readable) {
    return unsupported("the names of variables and tables are too long for a file of ",
                       uint64_t{state_.model.file().size()}, " bytes");
  }
  if (state_.resource_count == kMaxResources) {
    return unsupported("the model has more than ", kMaxResources, " variables and tables");
  }
  *number = state_.resource_count++;
  Resource& made = state_.resources[*number];
  made = Resource();
  made.kind = &kind;
  made.name = name;
  state_.name_hashes[*number] = hash;
  return {};
}

const Resource* Prepare::resource(int i, const Op& kind) const {
  return values_known(i) ? find(state_, input(i), kind) : nullptr;
}

void Prepare::reserve_resource(int i, const Op& kind, ByteCount bytes) {
  if (state_.pool != &state_.arena || !values_known(i)) return;
  Resource* r = find(state_, input(i), kind);
  if (r != nullptr) r->planned = std::max(r->planned, bytes.size());
}

bool Prepare::in_file(int i) const {
  const Span<const uint8_t> file = state_.model.file();
  const auto* data = input(i).as<const uint8_t>();
  return data >= file.data() && data < file.data() + file.size();
}

Resource* Run::resource(const Tensor& handle, const Op& kind) const {
  return find(state_, handle, kind);
}

Status Run::resize(const Step& step, Resource* resource, ByteCount bytes) {
  if (bytes > resource->capacity && !grow(state_, resource, bytes)) {
    (void)fail(step, "keeps ", bytes.value(), " bytes, known only now; the arena has too few left");
    return Code::kArenaTooSmall;
  }
  resource->bytes = bytes.size();
  return {};
}

}  // namespace pipit
