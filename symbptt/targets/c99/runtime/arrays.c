/* Sizes that do not overflow, and arrays that the caller leaves out. */

#define MOST (SIZE_MAX / 64)

/* a b, or MOST and more where it is too large for an array */
static inline size_t times(const size_t a, const size_t b)
{
    return b != 0 && a > MOST / b ? MOST : a * b;
}

/* How far the next array of the workspace is: a multiple of 64 bytes or more */
static inline size_t rounded(const size_t count)
{
    return (count + 15u) & ~(size_t)15u;
}

static inline size_t plus(const size_t a, const size_t b)
{
    return a > MOST - b ? MOST : a + b;
}

static inline void fill(const size_t count, const real value, real *const out)
{
    for (size_t k = 0; k < count; k++) {
        out[k] = value;
    }
}

/* `given` once for each sample */
static inline void repeat(const size_t times_over, const size_t count, const real *const given, real *const out)
{
    for (size_t k = 0; k < times_over; k++) {
        memcpy(out + k * count, given, count * sizeof(real));
    }
}

/* Classes as rows of zeros and a one; a class below 0 has none. Returns whether every class is below `size`. */
static inline int one_hot(const size_t count, const size_t size, const int32_t *const classes, real *const out)
{
    fill(count * size, 0, out);
    for (size_t k = 0; k < count; k++) {
        if (classes[k] >= 0) {
            if ((size_t)classes[k] >= size) {
                return 0;
            }
            out[k * size + (size_t)classes[k]] = 1;
        }
    }
    return 1;
}
