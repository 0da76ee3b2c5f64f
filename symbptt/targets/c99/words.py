"""Identifiers that no name of a model may become: words of C and C++, and what the emitted files use themselves."""

_C = """auto break case char const continue default do double else enum extern float for goto if inline int long register
restrict return short signed sizeof static struct switch typedef union unsigned void volatile while asm fortran linux unix
NULL EOF errno offsetof assert bool true false complex imaginary main"""
_CPP = """alignas alignof and and_eq bitand bitor catch char8_t char16_t char32_t class compl concept consteval constexpr
constinit const_cast co_await co_return co_yield decltype delete dynamic_cast explicit export friend mutable namespace
new noexcept not not_eq nullptr operator or or_eq private protected public reinterpret_cast requires static_assert
static_cast template this thread_local throw try typeid typename using virtual wchar_t xor xor_eq i386"""
_OWN = """size_t int32_t uint32_t uint64_t real bits sizes parameters inputs targets states outputs cotangents gradients loss
tangents output_tangents rate workspace next total caller code multiply multiply_rows multiply_any multiply_inner
multiply_blas blas_takes leading inner_product add add_part later_parameters later_inputs later_targets segment_part
backward_part window longest backward_core segment_core weigh_core workspace_core invert_unit_lower fixed_sizes
fixed_workspace fill repeat lay least multiply_laid one_hot times plus rounded memcpy series power_of_two remainder_of
real_tanh real_exp real_log real_sin real_cos real_fabs real_sigmoid real_softplus real_sqrt real_pow"""
_MACROS = """C IS_DOUBLE SHIFTER LOG2_HIGH LOG2_LOW MANTISSA BIAS LARGEST OVERFLOWS UNDERFLOWS SATURATED PER_LOG2 MOST
BYTES LANES TILE TILE_COLUMNS TILE_ROWS TILE_COUNT IN_TILES THREADED INNER INDEPENDENT PRAGMA SUM_IN MOST_IN CBLAS GEMM GEMV
BY_ROWS PLAIN TRANSPOSED LARGE LONGEST SQUARE INFINITY NAN HUGE_VAL HUGE_VALF HUGE_VALL FP_NAN FP_INFINITE FP_ZERO
FP_SUBNORMAL FP_NORMAL FP_ILOGB0 FP_ILOGBNAN MATH_ERRNO MATH_ERREXCEPT math_errhandling SIZE_MAX PTRDIFF_MIN
PTRDIFF_MAX SIG_ATOMIC_MIN SIG_ATOMIC_MAX WCHAR_MIN WCHAR_MAX WINT_MIN WINT_MAX EXIT_SUCCESS EXIT_FAILURE RAND_MAX
MB_CUR_MAX BUFSIZ FILENAME_MAX FOPEN_MAX L_tmpnam TMP_MAX SEEK_SET SEEK_CUR SEEK_END stdin stdout stderr"""
_INTEGERS = {
    f"{sign}INT{width}_{end}"
    for sign in ("", "U") for end in ("MIN", "MAX")
    for width in ("MAX", "PTR", *(kind + bits for kind in ("", "_LEAST", "_FAST") for bits in ("8", "16", "32", "64")))
}

WORDS = frozenset(f"{_C} {_CPP} {_MACROS}".split()) | _INTEGERS
"""What a member of a struct must not be called: words of the languages, and macros, which are replaced wherever they stand."""
RESERVED = WORDS | frozenset(_OWN.split())
"""What an identifier in a function must not be."""
