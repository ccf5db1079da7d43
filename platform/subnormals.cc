// SPDX-License-Identifier: Apache-2.0
// The control registers of floating-point units.
#include "platform/subnormals.h"

namespace pipit {
namespace {

// The control register of this thread's floating-point unit, and the bits in it that make
// subnormal operands and results zero. NEON of ARMv7 knows nothing else.
#if defined(__aarch64__)
using FloatControl = uint64_t;
constexpr FloatControl kFlushSubnormals = 1u << 24;  // FZ
FloatControl float_control() {
  FloatControl bits;
  asm volatile("mrs %0, fpcr" : "=r"(bits));
  return bits;
}
void set_float_control(FloatControl bits) { asm volatile("msr fpcr, %0" : : "r"(bits) : "memory"); }
#elif defined(__arm__) && defined(__ARM_FP)
using FloatControl = uint32_t;
constexpr FloatControl kFlushSubnormals = 1u << 24;  // FZ
FloatControl float_control() {
  FloatControl bits;
  asm volatile("vmrs %0, fpscr" : "=r"(bits));
  return bits;
}
void set_float_control(FloatControl bits) {
  asm volatile("vmsr fpscr, %0" : : "r"(bits) : "memory");
}
#elif defined(__SSE2__)
using FloatControl = uint32_t;
constexpr FloatControl kFlushSubnormals = 1u << 15 | 1u << 6;  // FTZ and DAZ
FloatControl float_control() { return __builtin_ia32_stmxcsr(); }
void set_float_control(FloatControl bits) { __builtin_ia32_ldmxcsr(bits); }
#else
using FloatControl = uint32_t;
constexpr FloatControl kFlushSubnormals = 0;
FloatControl float_control() { return 0; }
void set_float_control(FloatControl) {}
#endif

}  // namespace

FlushSubnormals::FlushSubnormals() : before_(float_control()) {
  set_float_control(static_cast<FloatControl>(before_ | kFlushSubnormals));
}

FlushSubnormals::~FlushSubnormals() { set_float_control(static_cast<FloatControl>(before_)); }

}  // namespace pipit
