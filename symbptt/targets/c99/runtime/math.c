/* Elementwise functions without branches, which compilers turn into vector instructions. IEEE 754 numbers are assumed.

   e^x - 1 = 2^n (e^r - 1) + (2^n - 1) with x = n log 2 + r, |r| <= log(2)/2 (Cody and Waite, 1980), and the series for e^r - 1. */

#if IS_DOUBLE
typedef uint64_t bits;
#define C(name) name
#define SHIFTER 6755399441055744.0 /* 1.5 * 2^52: adding it rounds, and leaves the integer in the last bits */
#define LOG2_HIGH 6.93147180369123816490e-01
#define LOG2_LOW 1.90821492927058770002e-10
#define MANTISSA 52
#define BIAS 1023u
#define LARGEST ((real)708)
#define OVERFLOWS ((real)710)
#define UNDERFLOWS ((real)-746)
#define SATURATED ((real)40)
#else
typedef uint32_t bits;
#define C(name) name##f
#define SHIFTER 12582912.0f /* 1.5 * 2^23 */
#define LOG2_HIGH 0.693359375f
#define LOG2_LOW (-2.12194440e-4f)
#define MANTISSA 23
#define BIAS 127u
#define LARGEST ((real)87)
#define OVERFLOWS ((real)89)
#define UNDERFLOWS ((real)-104)
#define SATURATED ((real)20)
#endif
#define PER_LOG2 ((real)1.44269504088896340736)

/* 2^n of SHIFTER + n */
static inline real power_of_two(const real shifted)
{
    bits b;
    real r;
    memcpy(&b, &shifted, sizeof b);
    b = (b + BIAS) << MANTISSA;
    memcpy(&r, &b, sizeof r);
    return r;
}

/* e^r - 1 */
static inline real series(const real r)
{
#if IS_DOUBLE
    real s = r * (real)(1.0 / 6227020800) + (real)(1.0 / 479001600);
    s = s * r + (real)(1.0 / 39916800);
    s = s * r + (real)(1.0 / 3628800);
    s = s * r + (real)(1.0 / 362880);
    s = s * r + (real)(1.0 / 40320);
    s = s * r + (real)(1.0 / 5040);
#else
    real s = (real)(1.0 / 5040);
#endif
    s = s * r + (real)(1.0 / 720);
    s = s * r + (real)(1.0 / 120);
    s = s * r + (real)(1.0 / 24);
    s = s * r + (real)(1.0 / 6);
    s = s * r + (real)0.5;
    s = s * r + 1;
    return s * r;
}

static inline real remainder_of(const real x, const real n)
{
    const real r = x - n * LOG2_HIGH;
    return r - n * LOG2_LOW;
}

static inline real real_exp(const real x)
{
    const real high = x > OVERFLOWS ? OVERFLOWS : x;
    const real y = high < UNDERFLOWS ? UNDERFLOWS : high;
    const real shifted = y * PER_LOG2 + SHIFTER;
    const real n = shifted - SHIFTER;
    const real half = n * (real)0.5 + SHIFTER; /* 2^n in two factors, so that neither over- nor underflows */
    const real rest = n - (half - SHIFTER) + SHIFTER;
    return (series(remainder_of(y, n)) + 1) * power_of_two(half) * power_of_two(rest);
}

static inline real real_sigmoid(const real x)
{
    const real high = -x > LARGEST ? LARGEST : -x;
    const real y = high < -LARGEST ? -LARGEST : high;
    const real shifted = y * PER_LOG2 + SHIFTER;
    const real e = (series(remainder_of(y, shifted - SHIFTER)) + 1) * power_of_two(shifted);
    return 1 / (1 + e);
}

static inline real real_tanh(const real x)
{
    const real twice = x < 0 ? -2 * x : 2 * x;
    const real y = twice > SATURATED ? SATURATED : twice;
    const real shifted = y * PER_LOG2 + SHIFTER;
    const real power = power_of_two(shifted);
    const real e = power * series(remainder_of(y, shifted - SHIFTER)) + (power - 1); /* e^y - 1 */
    const real t = e / (e + 2);
    return x < 0 ? -t : t;
}

static inline real real_softplus(const real x)
{
    return (x > 0 ? x : 0) + C(log1p)(real_exp(x > 0 ? -x : x));
}

#define real_log(x) C(log)(x)
#define real_sin(x) C(sin)(x)
#define real_cos(x) C(cos)(x)
#define real_sqrt(x) C(sqrt)(x)
#define real_pow(x, y) C(pow)(x, y)
#define real_fabs(x) C(fabs)(x)
