/* Matrix products: C (+)= number * A B with any distances between rows and columns; those along a row of C and of B are 1 where
   it is fast. Tiles of C stay in registers while the sum runs. */

#define TILE(ROWS, COLUMNS)                                                                                            \
    static inline void tile_##ROWS##_##COLUMNS(                                                                        \
        const size_t count, const real number, const real *restrict a, const size_t a_row, const size_t a_step,        \
        const real *restrict b, const size_t b_row, const int add, real *restrict c, const size_t c_row)              \
    {                                                                                                                  \
        real sum[ROWS][COLUMNS];                                                                                       \
        for (size_t r = 0; r < ROWS; r++) {                                                                            \
            for (size_t s = 0; s < COLUMNS; s++) {                                                                     \
                sum[r][s] = 0;                                                                                         \
            }                                                                                                          \
        }                                                                                                              \
        for (size_t k = 0; k < count; k++) {                                                                           \
            for (size_t r = 0; r < ROWS; r++) {                                                                        \
                const real factor = a[r * a_row + k * a_step];                                                         \
                for (size_t s = 0; s < COLUMNS; s++) {                                                                 \
                    sum[r][s] += factor * b[k * b_row + s];                                                            \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
        for (size_t r = 0; r < ROWS; r++) {                                                                            \
            for (size_t s = 0; s < COLUMNS; s++) {                                                                     \
                c[r * c_row + s] = (add ? c[r * c_row + s] : 0) + number * sum[r][s];                                  \
            }                                                                                                          \
        }                                                                                                              \
    }
TILE(1, 64)
TILE(1, 16)
TILE(4, 32)
TILE(4, 16)

/* C (+)= number * A B where the rows of B and C are contiguous */
static inline void multiply_rows(
    const size_t rows, const size_t columns, const size_t count, const real number, const real *restrict a, const size_t a_row,
    const size_t a_step, const real *restrict b, const size_t b_row, const int add, real *restrict c, const size_t c_row)
{
    size_t i = 0;
    while (i < rows) {
        const size_t height = i + 4 <= rows && columns >= 16 ? 4 : 1;
        const real *const left = a + i * a_row;
        real *const out = c + i * c_row;
        size_t j = 0;
        if (height == 4) {
            for (; j + 32 <= columns; j += 32) {
                tile_4_32(count, number, left, a_row, a_step, b + j, b_row, add, out + j, c_row);
            }
            for (; j + 16 <= columns; j += 16) {
                tile_4_16(count, number, left, a_row, a_step, b + j, b_row, add, out + j, c_row);
            }
        } else {
            for (; j + 64 <= columns; j += 64) {
                tile_1_64(count, number, left, a_row, a_step, b + j, b_row, add, out + j, c_row);
            }
            for (; j + 16 <= columns; j += 16) {
                tile_1_16(count, number, left, a_row, a_step, b + j, b_row, add, out + j, c_row);
            }
        }
        for (size_t r = 0; r < height && j < columns; r++) {
            for (size_t s = j; s < columns; s++) {
                real sum = 0;
                for (size_t k = 0; k < count; k++) {
                    sum += left[r * a_row + k * a_step] * b[k * b_row + s];
                }
                out[r * c_row + s] = (add ? out[r * c_row + s] : 0) + number * sum;
            }
        }
        i += height;
    }
}

#define LANES 16

/* The inner product of two contiguous rows */
static inline real inner_product(const size_t count, const real *restrict a, const real *restrict b)
{
    real lane[LANES] = {0};
    real sum = 0;
    size_t k = 0;
    for (; k + LANES <= count; k += LANES) {
        for (size_t l = 0; l < LANES; l++) {
            lane[l] += a[k + l] * b[k + l];
        }
    }
    for (; k < count; k++) {
        sum += a[k] * b[k];
    }
    if (count >= LANES) {
        for (size_t l = 0; l < LANES; l++) {
            sum += lane[l];
        }
    }
    return sum;
}

static inline void multiply(
    const size_t rows, const size_t columns, const size_t count, const real number, const real *restrict a, const size_t a_row,
    const size_t a_step, const real *restrict b, const size_t b_row, const size_t b_step, const int add, real *restrict c,
    const size_t c_row, const size_t c_step)
{
    if (b_step == 1 && c_step == 1) {
        multiply_rows(rows, columns, count, number, a, a_row, a_step, b, b_row, add, c, c_row);
        return;
    }
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            const real *const left = a + i * a_row;
            const real *const right = b + j * b_step;
            real *const out = c + i * c_row + j * c_step;
            real sum = 0;
            if (a_step == 1 && b_row == 1) {
                sum = inner_product(count, left, right);
            } else {
                for (size_t k = 0; k < count; k++) {
                    sum += left[k * a_step] * right[k * b_row];
                }
            }
            *out = (add ? *out : 0) + number * sum;
        }
    }
}
