// words: a plugin with one function, which counts words as wc(1) does.
#include <belfry/plugin.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const struct belfry_parameter paths = {
    .struct_size = sizeof paths,
    .type = BELFRY_PATH,
    .flags = BELFRY_REQUIRED | BELFRY_LIST,
    .name = "paths",
    .meaning = "the files to read",
};
static const struct belfry_parameter at_least = {
    .struct_size = sizeof at_least,
    .type = BELFRY_INTEGER,
    .name = "at_least",
    .fallback = "0",
    .meaning = "with fewer words in all, the run has failed",
    .most = 1000000000,
};

// The words of one file, 0 when the run is cancelled meanwhile; -1: errno says why it cannot be read.
static long long count_words(const struct belfry_host* host, const char* path) {
  FILE* file = fopen(path, "rb");
  if (file == NULL) return -1;
  struct stat about;
  const uint64_t size = fstat(fileno(file), &about) == 0 ? (uint64_t)about.st_size : 0;
  char piece[65536];
  uint64_t done = 0;
  long long words = 0;
  int inside = 0;
  for (size_t got; (got = fread(piece, 1, sizeof piece, file)) > 0 && !host->is_cancelled(host);) {
    for (size_t i = 0; i < got; ++i) {
      const int blank = isspace((unsigned char)piece[i]);
      if (!blank && !inside) ++words;
      inside = !blank;
    }
    done += got;
    host->progress(host, done, size);
  }
  const int failed = ferror(file);
  fclose(file);
  if (failed) errno = EIO;
  return failed ? -1 : words;
}

static int count(const struct belfry_host* host) {
  char line[4096];
  long long all = 0;
  const char* path;
  for (size_t i = 0; (path = host->item(host, "paths", i)) != NULL; ++i) {
    const long long words = count_words(host, path);
    if (words < 0) {
      snprintf(line, sizeof line, "cannot read %s: %s", path, strerror(errno));
      host->message(host, line);
      return 1;
    }
    if (host->is_cancelled(host)) return 1;
    const int length = snprintf(line, sizeof line, "%lld %s\n", words, path);
    host->write(host, line, (size_t)length < sizeof line ? (size_t)length : sizeof line - 1);
    all += words;
  }
  snprintf(line, sizeof line, "%lld words", all);
  host->message(host, line);
  return all < host->number(host, "at_least", 0) ? 1 : 0;
}

static const struct belfry_parameter* const parameters[] = {&paths, &at_least, NULL};
static const struct belfry_function count_function = {
    .struct_size = sizeof count_function,
    .name = "count",
    .summary = "counts the words of files",
    .parameters = parameters,
    .run = count,
};
static const struct belfry_function* const functions[] = {&count_function, NULL};
static const struct belfry_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_major = BELFRY_ABI_MAJOR,
    .abi_minor = BELFRY_ABI_MINOR,
    .name = "words",
    .version = "1.0",
    .summary = "counts words",
    .functions = functions,
};

const struct belfry_plugin* belfry_plugin_entry(void) { return &plugin; }
