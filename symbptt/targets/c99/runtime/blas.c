/* Large products by BLAS. Those of up to a million multiplications OpenBLAS does without bringing the factors into an order of its
   own, on processors with AVX-512: larger ones are done in parts. */

#ifdef CBLAS
#if IS_DOUBLE
#define GEMM CBLAS(dgemm)
#define GEMV CBLAS(dgemv)
#else
#define GEMM CBLAS(sgemm)
#define GEMV CBLAS(sgemv)
#endif
extern void GEMM(int, int, int, int, int, int, real, const real *, int, const real *, int, real, real *, int);
extern void GEMV(int, int, int, int, real, const real *, int, const real *, int, real, real *, int);

#define BY_ROWS 101
#define PLAIN 111
#define TRANSPOSED 112
#define LARGE 20000 /* multiplications from which a call pays */
#define LONGEST 1000000000
#ifndef __AVX512F__
#define IN_TILES 0
#elif defined(THREADED)
#define IN_TILES 262144 /* entries of B up to which one core in tiles is as fast as two without */
#else
#define IN_TILES SIZE_MAX
#endif
#define TILE_COLUMNS ((size_t)64)
#define TILE_ROWS ((size_t)16)
#define TILE_COUNT ((size_t)960)

static int blas_takes(
    const size_t rows, const size_t columns, const size_t count, const size_t a_row, const size_t a_step, const size_t b_row,
    const size_t b_step, const size_t c_row, const size_t c_step)
{
    const size_t longest[6] = {rows, columns, count, a_row > a_step ? a_row : a_step, b_row > b_step ? b_row : b_step, c_row};
    for (size_t k = 0; k < 6; k++) {
        if (longest[k] > LONGEST) {
            return 0;
        }
    }
    return times(times(rows, columns), count) >= LARGE && (a_step == 1 || a_row == 1) && (b_step == 1 || b_row == 1)
        && c_step == 1;
}

/* The distance of rows, or of columns, that BLAS wants: of one row it does not matter, but must not be short */
static int leading(const size_t distance, const size_t least)
{
    return (int)(distance > least ? distance : least);
}

static void multiply_blas(
    const size_t rows, const size_t columns, const size_t count, const real number, const real *a, const size_t a_row,
    const size_t a_step, const real *b, const size_t b_row, const size_t b_step, const int add, real *c, const size_t c_row)
{
    const real keep = add ? (real)1 : (real)0;
    const int a_plain = a_step == 1, b_plain = b_step == 1;
    const int a_distance = a_plain ? leading(a_row, count) : leading(a_step, rows);
    const int b_distance = b_plain ? leading(b_row, columns) : leading(b_step, count);
    if (rows == 1) {
        const int m = (int)(b_plain ? count : columns), n = (int)(b_plain ? columns : count);
        GEMV(BY_ROWS, b_plain ? TRANSPOSED : PLAIN, m, n, number, b, b_distance, a, (int)a_step, keep, c, 1);
        return;
    }
    GEMM(BY_ROWS, a_plain ? PLAIN : TRANSPOSED, b_plain ? PLAIN : TRANSPOSED, (int)rows, (int)columns, (int)count, number, a,
         a_distance, b, b_distance, keep, c, (int)c_row);
}
#endif
