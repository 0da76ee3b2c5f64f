"""Identifiers that no name of a model may become: words of C and C++, and what the emitted files use themselves."""

from __future__ import annotations

_C = """auto break case char const continue default do double else enum extern float for goto if inline int long register
restrict return short signed sizeof static struct switch typedef union unsigned void volatile while asm fortran linux unix
NULL EOF errno offsetof assert bool true false complex imaginary main"""
_CPP = """alignas alignof and and_eq bitand bitor catch char8_t char16_t char32_t class compl concept consteval constexpr
constinit const_cast co_await co_return co_yield decltype delete dynamic_cast explicit export friend mutable namespace
new noexcept not not_eq nullptr operator or or_eq private protected public reinterpret_cast requires static_assert
static_cast template this thread_local throw try typeid typename using virtual wchar_t xor xor_eq i386"""
_OWN = """size_t int32_t uint32_t uint64_t real bits sizes parameters inputs targets states outputs cotangents gradients loss
workspace next total caller code multiply multiply_rows inner_product fill repeat one_hot times plus rounded memcpy
real_tanh real_exp real_log real_sin real_cos real_fabs real_sigmoid real_softplus real_sqrt real_pow C IS_DOUBLE SHIFTER
LOG2_HIGH LOG2_LOW MANTISSA BIAS LARGEST OVERFLOWS UNDERFLOWS SATURATED PER_LOG2 MOST LANES TILE INFINITY SIZE_MAX
INDEPENDENT CBLAS GEMM GEMV BY_ROWS PLAIN TRANSPOSED
LARGE LONGEST BYTES INNER series power_of_two remainder_of blas_takes leading multiply_blas multiply_any multiply_inner"""

WORDS = frozenset(f"{_C} {_CPP}".split())
RESERVED = WORDS | frozenset(_OWN.split())
