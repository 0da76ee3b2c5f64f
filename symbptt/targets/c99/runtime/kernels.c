/* Matrix products: C (+)= number * A B, with any distances between rows and between columns. Tiles of C stay in registers while the
   sum runs; large products go to BLAS where there is one. */

#define BYTES 64
#define LANES (BYTES / sizeof(real))
#define SQUARE 16
#ifndef IN_TILES
#define IN_TILES SIZE_MAX
#define TILE_COLUMNS (2 * LANES)
#define TILE_ROWS SIZE_MAX
#define TILE_COUNT SIZE_MAX
#endif

static inline size_t least(const size_t a, const size_t b)
{
    return a < b ? a : b;
}

#define TILE(ROWS, VECTORS)                                                                                            \
    static inline void tile_##ROWS##_##VECTORS(                                                                        \
        const size_t count, const real number, const real *restrict a, const size_t a_row, const size_t a_step,        \
        const real *restrict b, const size_t b_row, const int add, real *restrict c, const size_t c_row)              \
    {                                                                                                                  \
        real sum[ROWS][VECTORS * LANES] = {{0}};                                                                       \
        for (size_t k = 0; k < count; k++) {                                                                           \
            for (size_t r = 0; r < ROWS; r++) {                                                                        \
                const real factor = a[r * a_row + k * a_step];                                                         \
                for (size_t s = 0; s < VECTORS * LANES; s++) {                                                         \
                    sum[r][s] += factor * b[k * b_row + s];                                                            \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
        for (size_t r = 0; r < ROWS; r++) {                                                                            \
            for (size_t s = 0; s < VECTORS * LANES; s++) {                                                             \
                c[r * c_row + s] = (add ? c[r * c_row + s] : 0) + number * sum[r][s];                                  \
            }                                                                                                          \
        }                                                                                                              \
    }
TILE(1, 4)
TILE(1, 1)
TILE(4, 2)
TILE(4, 1)

/* where the rows of B and of C are contiguous */
static inline void multiply_rows(
    const size_t rows, const size_t columns, const size_t count, const real number, const real *restrict a, const size_t a_row,
    const size_t a_step, const real *restrict b, const size_t b_row, const int add, real *restrict c, const size_t c_row)
{
    for (size_t i = 0; i < rows;) {
        const size_t height = i + 4 <= rows && columns >= LANES ? 4 : 1;
        const real *const left = a + i * a_row;
        real *const out = c + i * c_row;
        size_t j = 0;
        if (height == 4) {
            for (; j + 2 * LANES <= columns; j += 2 * LANES) {
                tile_4_2(count, number, left, a_row, a_step, b + j, b_row, add, out + j, c_row);
            }
            for (; j + LANES <= columns; j += LANES) {
                tile_4_1(count, number, left, a_row, a_step, b + j, b_row, add, out + j, c_row);
            }
        } else {
            for (; j + 4 * LANES <= columns; j += 4 * LANES) {
                tile_1_4(count, number, left, a_row, a_step, b + j, b_row, add, out + j, c_row);
            }
            for (; j + LANES <= columns; j += LANES) {
                tile_1_1(count, number, left, a_row, a_step, b + j, b_row, add, out + j, c_row);
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

#define INNER(ROWS, COLUMNS)                                                                                           \
    static inline void inner_##ROWS##_##COLUMNS(                                                                       \
        const size_t count, const real number, const real *restrict a, const size_t a_row, const real *restrict b,     \
        const size_t b_step, const int add, real *restrict c, const size_t c_row, const size_t c_step)                 \
    {                                                                                                                  \
        real lane[ROWS][COLUMNS][LANES] = {{{0}}};                                                                     \
        const size_t whole = count - count % LANES;                                                                    \
        for (size_t k = 0; k < whole; k += LANES) {                                                                    \
            for (size_t r = 0; r < ROWS; r++) {                                                                        \
                for (size_t s = 0; s < COLUMNS; s++) {                                                                 \
                    for (size_t l = 0; l < LANES; l++) {                                                               \
                        lane[r][s][l] += a[r * a_row + k + l] * b[s * b_step + k + l];                                 \
                    }                                                                                                  \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
        for (size_t r = 0; r < ROWS; r++) {                                                                            \
            for (size_t s = 0; s < COLUMNS; s++) {                                                                     \
                real *const out = c + r * c_row + s * c_step;                                                          \
                real sum = 0;                                                                                          \
                for (size_t half = LANES / 2; half > 0; half /= 2) {                                                   \
                    for (size_t l = 0; l < half; l++) {                                                                \
                        lane[r][s][l] += lane[r][s][l + half];                                                         \
                    }                                                                                                  \
                }                                                                                                      \
                for (size_t k = whole; k < count; k++) {                                                               \
                    sum += a[r * a_row + k] * b[s * b_step + k];                                                       \
                }                                                                                                      \
                *out = (add ? *out : 0) + number * (sum + lane[r][s][0]);                                              \
            }                                                                                                          \
        }                                                                                                              \
    }
INNER(1, 1)
INNER(1, 4)
INNER(2, 4)

/* where the rows of A and the columns of B are contiguous, and long enough for vectors */
static inline void multiply_inner(
    const size_t rows, const size_t columns, const size_t count, const real number, const real *restrict a, const size_t a_row,
    const real *restrict b, const size_t b_step, const int add, real *restrict c, const size_t c_row, const size_t c_step)
{
    for (size_t i = 0; i < rows;) {
        const size_t height = i + 2 <= rows && columns >= 4 ? 2 : 1;
        const real *const left = a + i * a_row;
        real *const out = c + i * c_row;
        size_t j = 0;
        for (; j + 4 <= columns; j += 4) {
            if (height == 2) {
                inner_2_4(count, number, left, a_row, b + j * b_step, b_step, add, out + j * c_step, c_row, c_step);
            } else {
                inner_1_4(count, number, left, a_row, b + j * b_step, b_step, add, out + j * c_step, c_row, c_step);
            }
        }
        for (; j < columns; j++) {
            for (size_t r = 0; r < height; r++) {
                inner_1_1(
                    count, number, left + r * a_row, a_row, b + j * b_step, b_step, add, out + r * c_row + j * c_step, c_row,
                    c_step);
            }
        }
        i += height;
    }
}

static inline void multiply_any(
    const size_t rows, const size_t columns, const size_t count, const real number, const real *restrict a, const size_t a_row,
    const size_t a_step, const real *restrict b, const size_t b_row, const size_t b_step, const int add, real *restrict c,
    const size_t c_row, const size_t c_step)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            const real *const left = a + i * a_row;
            const real *const right = b + j * b_step;
            real *const out = c + i * c_row + j * c_step;
            real sum = 0;
            for (size_t k = 0; k < count; k++) {
                sum += left[k * a_step] * right[k * b_row];
            }
            *out = (add ? *out : 0) + number * sum;
        }
    }
}

static void multiply(
    const size_t rows, const size_t columns, const size_t count, const real number, const real *restrict a, const size_t a_row,
    const size_t a_step, const real *restrict b, const size_t b_row, const size_t b_step, const int add, real *restrict c,
    const size_t c_row, const size_t c_step)
{
#ifdef CBLAS
    if (blas_takes(rows, columns, count, a_row, a_step, b_row, b_step, c_row, c_step)) {
        multiply_blas(rows, columns, count, number, a, a_row, a_step, b, b_row, b_step, add, c, c_row);
        return;
    }
#endif
    if (b_step == 1 && c_step == 1 && columns >= LANES) {
        multiply_rows(rows, columns, count, number, a, a_row, a_step, b, b_row, add, c, c_row);
    } else if (a_step == 1 && b_row == 1 && count >= LANES) {
        multiply_inner(rows, columns, count, number, a, a_row, b, b_step, add, c, c_row, c_step);
    } else {
        multiply_any(rows, columns, count, number, a, a_row, a_step, b, b_row, b_step, add, c, c_row, c_step);
    }
}

/* B as `multiply_laid` reads it: whole if it is large, else so many columns after the others; in squares, so that lines of the
   cache are read as a whole */
static inline void lay(
    const size_t rows, const size_t columns, const real *restrict b, const size_t b_row, const size_t b_step, real *restrict out)
{
    const size_t broad = times(rows, columns) > IN_TILES ? columns : TILE_COLUMNS;
    for (size_t j = 0; j < columns; j += broad) {
        const size_t width = least(columns - j, broad);
        for (size_t i = 0; i < rows; i += SQUARE) {
            for (size_t s = 0; s < width; s += SQUARE) {
                for (size_t r = i; r < rows && r < i + SQUARE; r++) {
                    for (size_t c = s; c < width && c < s + SQUARE; c++) {
                        out[j * rows + r * width + c] = b[r * b_row + (j + c) * b_step];
                    }
                }
            }
        }
    }
}

/* C (+)= number * A B in parts, with B laid out for them */
static inline void multiply_laid(
    const size_t rows, const size_t columns, const size_t count, const real number, const real *restrict a, const size_t a_row,
    const size_t a_step, const real *restrict b, const int add, real *restrict c, const size_t c_row, const size_t c_step)
{
    const int whole = times(count, columns) > IN_TILES;
    const size_t broad = whole ? columns : TILE_COLUMNS, deep = whole ? count : TILE_COUNT, high = whole ? rows : TILE_ROWS;
    for (size_t j = 0; j < columns; j += broad) {
        const size_t width = least(columns - j, broad);
        for (size_t k = 0; k < count; k += deep) {
            for (size_t i = 0; i < rows; i += high) {
                multiply(
                    least(rows - i, high), width, least(count - k, deep), number, a + i * a_row + k * a_step, a_row, a_step,
                    b + j * count + k * width, width, 1, add || k > 0, c + i * c_row + j * c_step, c_row, c_step);
            }
        }
    }
}

/* B = (I + L)^-1 for what A has below its diagonal: row i of B is e_i less the sum of A[i, k] times row k, k < i */
static inline void invert_unit_lower(
    const size_t size, const real *restrict a, const size_t a_row, real *restrict b, const size_t b_row)
{
    for (size_t i = 0; i < size; i++) {
        fill(size, 0, b + i * b_row);
        b[i * b_row + i] = 1;
        for (size_t k = 0; k < i; k++) {
            const real factor = a[i * a_row + k];
            for (size_t j = 0; j <= k; j++) {
                b[i * b_row + j] -= factor * b[k * b_row + j];
            }
        }
    }
}
