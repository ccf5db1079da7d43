// SPDX-License-Identifier: Apache-2.0
// SKIP_GRAM: the n-grams of a sentence's words, where some words between two others may be skipped.
//
//   "a b c", 2 words, at most 1 skipped:   "a b", "a c", "b c"
#include <algorithm>

#include "kernels/ops.h"
#include "kernels/ops/moves.h"
#include "pipit/strings.h"

namespace pipit {
namespace {

using Word = Span<const char>;

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Calls use(word) for each word of the sentence. As in TensorFlow Lite, a first word behind a space
// is lost, and the last one may be a space.
template <class Use>
void for_each_word(Word sentence, Use&& use) {
  size_t from = 0;
  for (size_t i = 1; i < sentence.size(); ++i) {
    if (!is_space(sentence[i])) continue;
    if (i > from && !is_space(sentence[from])) use(sentence.subspan(from, i - from));
    from = i + 1;
  }
  if (sentence.size() > from) use(sentence.subspan(from, sentence.size() - from));
}

struct Params {
  const Word* words;
  int32_t* chosen;  // the numbers of a gram's words
  int32_t count;    // of all words
  int32_t size;     // of a gram
  int32_t most_skipped;
  bool shorter_too;
};

bool may_add_word(const Params& p, int32_t n) {
  if (n >= p.size || p.chosen[n] + 1 >= p.count) return false;
  return n == 0 || p.chosen[n] - p.chosen[n - 1] <= p.most_skipped;
}

// Calls use(n) for each gram, once its n words are chosen; stops when that gives false. As a walk:
// forward by choosing one word more, backward by moving the last one on.
template <class Use>
void for_each_gram(const Params& p, Use&& use) {
  std::fill_n(p.chosen, p.size, 0);
  for (int32_t n = 1; n >= 0;) {
    if (may_add_word(p, n)) {
      ++p.chosen[n++];
      if (n < p.size) p.chosen[n] = p.chosen[n - 1];
    } else {
      if (n > 0 && (n == p.size || (p.shorter_too && n < p.size)) && !use(n)) return;
      --n;
    }
  }
}

Status run(const Step& s, Run&) {
  const auto& p = *s.params<Params>();
  StringWriter out(s.output(0).data, s.output(0).elements());
  if (s.output(0).elements() == 0) return {};
  for_each_gram(p, [&](int32_t n) {
    for (int32_t i = 0; i < n; ++i) {
      if (i > 0) out.append({" ", 1});
      out.append(p.words[p.chosen[i]]);
    }
    out.finish();
    return true;
  });
  return {};
}

Status find_words(Prepare& p, Params* params) {
  const Strings strings(p.input(0).data);
  if (strings.count() < 1) return p.bad("input ", p.input(0), " holds no sentence");
  for_each_word(strings[0], [&](Word) { ++params->count; });
  Word* words = p.allocate<Word>(static_cast<size_t>(params->count));
  if (words == nullptr) return Code::kArenaTooSmall;
  params->words = words;
  for_each_word(strings[0], [&](Word word) { *words++ = word; });
  return {};
}

// The shape and size of the output, which a long sentence can make very large. All grams are walked
// through to count their bytes, and again to write them.
Status set_output(Prepare& p, const Params& params) {
  int64_t grams = 0, bytes = 0;
  if (params.size > 0 && params.size <= params.count) {
    for_each_gram(params, [&](int32_t n) {
      ++grams;
      bytes += static_cast<int64_t>(sizeof(int32_t)) + n - 1;
      for (int32_t i = 0; i < n; ++i) {
        bytes += static_cast<int64_t>(params.words[params.chosen[i]].size());
      }
      return bytes < INT32_MAX / 2;
    });
  }
  if (bytes >= INT32_MAX / 2) return p.bad("the n-grams have more than ", bytes, " bytes");
  return p.set_output_strings(0, Shape::of(grams), ByteCount(bytes) + strings_bytes(0, 0));
}

Status prepare(Prepare& p) {
  PIPIT_TRY(p.arity(1, 1, 1));
  PIPIT_TRY(need_type(p, p.input(0), types(Type::kString)));
  PIPIT_TRY(need_type(p, p.output(0), types(Type::kString)));
  const auto* o = options<fb::SkipGramOptions>(p);
  if (o == nullptr) return p.bad("has no SkipGramOptions");
  if (!p.late()) return p.defer();
  auto* params = p.allocate<Params>();
  if (params == nullptr) return Code::kArenaTooSmall;
  params->size = o->ngram_size();
  params->most_skipped = o->max_skip_size();
  params->shorter_too = o->include_all_ngrams();
  PIPIT_TRY(find_words(p, params));
  if (params->size > 0 && params->size <= params->count) {
    params->chosen = p.allocate<int32_t>(static_cast<size_t>(params->size));
    if (params->chosen == nullptr) return Code::kArenaTooSmall;
  }
  PIPIT_TRY(set_output(p, *params));
  return p.run(run, params, "portable");
}

}  // namespace

const Op kSkipGram = {builtin(fb::BuiltinOperator::SKIP_GRAM), "SKIP_GRAM", prepare};

}  // namespace pipit
