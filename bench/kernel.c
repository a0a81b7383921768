/*
 * Classic scoring of an axis-parallel isolation forest in plain C, by the algorithm of detector/forest/axis.ts: the same
 * node layout, blocks of rows, six rows side by side, a fixed number of steps. It is what the TypeScript is held
 * against. Beside it the textbook loop: row by row, tree by tree, until a leaf.
 *
 * usage: kernel FOREST ROWS; one round for each line on standard input, one JSON line of microseconds a row for each.
 * FOREST: int32 width, trees, nodes, depth, sampleSize; int32 roots[trees], left[nodes], size[nodes], feature[nodes];
 * float64 split[nodes]. ROWS: float64, row-major. Little-endian.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LANES 6
#define BLOCK (16 * LANES)

static int32_t width, trees, nodes, depth, sample_size;
static int32_t *roots, *left, *size, *feature, *node_depth;
static uint32_t *meta;
static double *split, *leaf, *rows, *out;
static long n;

static void *load(FILE *file, size_t item, size_t count) {
  void *data = malloc(item * count + 1);
  if (!data || fread(data, item, count, file) != count) { fputs("short file\n", stderr); exit(1); }
  return data;
}

static double average_path(int32_t rows_at_leaf) {
  if (rows_at_leaf <= 1) return 0;
  if (rows_at_leaf == 2) return 1;
  return 2 * (log(rows_at_leaf - 1) + 0.5772156649015329) - 2.0 * (rows_at_leaf - 1) / rows_at_leaf;
}

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static double score_of(double paths) { return exp2(-(paths / trees) / average_path(sample_size)); }

static void textbook(long from) {
  for (long i = from; i < n; i++) {
    const double *x = rows + i * width;
    double sum = 0;
    for (int32_t t = 0; t < trees; t++) {
      int32_t node = roots[t];
      while (left[node]) node = left[node] + (x[feature[node]] >= split[node]);
      sum += leaf[node] + depth;
    }
    out[i] = score_of(sum);
  }
}

static void blocked(void) {
  double sums[BLOCK];
  long whole = n - n % LANES;
  for (long start = 0; start < whole; start += BLOCK) {
    const double *block = rows + start * width;
    int count = whole - start < BLOCK ? (int)(whole - start) : BLOCK;
    memset(sums, 0, sizeof sums);
    for (int32_t t = 0; t < trees; t++) {
      for (int i = 0; i < count; i += LANES) {
        const double *x = block + (long)i * width;
        uint32_t at[LANES];
        for (int k = 0; k < LANES; k++) at[k] = roots[t];
        for (int32_t step = 0; step < depth; step++)
          for (int k = 0; k < LANES; k++) {
            uint32_t m = meta[at[k]];
            at[k] += (m >> 16) + (x[k * width + (m & 65535)] >= split[at[k]]);
          }
        for (int k = 0; k < LANES; k++) sums[i + k] += leaf[at[k]];
      }
    }
    for (int i = 0; i < count; i++) out[start + i] = score_of(sums[i] + (double)trees * depth);
  }
  textbook(whole);
}

int main(int argc, char **argv) {
  FILE *file = argc == 3 ? fopen(argv[1], "rb") : NULL;
  if (!file) { fputs("usage: kernel FOREST ROWS\n", stderr); return 2; }
  int32_t *head = load(file, 4, 5);
  width = head[0], trees = head[1], nodes = head[2], depth = head[3], sample_size = head[4];
  roots = load(file, 4, trees), left = load(file, 4, nodes), size = load(file, 4, nodes), feature = load(file, 4, nodes);
  split = load(file, 8, nodes);
  fclose(file);
  file = fopen(argv[2], "rb");
  if (!file) { fputs("no rows\n", stderr); return 2; }
  fseek(file, 0, SEEK_END);
  n = ftell(file) / 8 / width;
  rewind(file);
  rows = load(file, 8, n * width);
  fclose(file);
  out = calloc(n, 8), meta = calloc(nodes, 4), leaf = calloc(nodes, 8), node_depth = calloc(nodes, 4);
  for (int32_t i = 0; i < nodes; i++) {
    if (left[i]) {
      meta[i] = (uint32_t)feature[i] | (uint32_t)(left[i] - i) << 16;
      node_depth[left[i]] = node_depth[left[i] + 1] = node_depth[i] + 1;
    } else {
      split[i] = INFINITY;
      leaf[i] = average_path(size[i]) + node_depth[i] - depth;
    }
  }
  puts("{\"ready\":1}");
  fflush(stdout);
  for (char line[16]; fgets(line, sizeof line, stdin);) {
    double start = now_us();
    blocked();
    double us = (now_us() - start) / n, sum = 0;
    for (long i = 0; i < n; i++) sum += out[i];
    start = now_us();
    textbook(0);
    printf("{\"batch\":%.6f,\"textbook\":%.6f,\"meanScore\":%.15g}\n", us, (now_us() - start) / n, sum / n);
    fflush(stdout);
  }
  return 0;
}
