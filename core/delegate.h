// SPDX-License-Identifier: Apache-2.0
// How planning hands operators to delegates.
#pragma once

#include "core/plan.h"
#include "pipit/delegate.h"

namespace pipit {

// Operators that a delegate computes in one step.
struct Delegation {
  const Delegate* delegate = nullptr;
  const Graph* graph = nullptr;
  const int32_t* nodes = nullptr;
  int32_t count = 0;
  RunFn run = nullptr;  // the delegate's, and what its step keeps
  const void* parameters = nullptr;
  Delegation* next = nullptr;
};

// Refuses tables that lack something.
Status check_delegates(const Options& options, Message* why);

// The first delegate that claims a planned step, or Planning::kNobody.
int32_t claim_step(State& state, Graph& graph, const Op& op, const Step& step);

// Makes one step of each partition.
Status form_partitions(State& state, Graph& graph, const Planning& planning, Message* why);

// The partition that a step is; nullptr when it is an operator.
const Delegation* delegation_of(const Step& step);
// The partition that begins with a node; nullptr when there is none. Looks at all partitions.
const Delegation* delegation_at(const State& state, const Graph& graph, int32_t node);

// The run function of a partition's step; its parameters are the partition.
Status run_delegation(const Step& step, Run& run);

// "npu (operators 3-5): "
void put_delegation(Message* why, const Delegation& d);
// "5 of 31 operators in 2 partitions: 0-3; 7"
void put_share(const State& state, const Delegate& delegate, Message* report);

}  // namespace pipit
