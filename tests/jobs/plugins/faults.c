// A plugin whose functions do what no plugin should, each under the name of its fault. Compiled as C99.
#include <belfry/plugin.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct belfry_parameter ready = {
    .struct_size = sizeof ready, .type = BELFRY_TEXT, .name = "ready", .meaning = "where to say that it has begun"};
static const struct belfry_parameter megabytes = {
    .struct_size = sizeof megabytes, .type = BELFRY_INTEGER, .name = "megabytes", .fallback = "8", .most = 1000};
static const struct belfry_parameter label = {
    .struct_size = sizeof label, .type = BELFRY_TEXT, .name = "label", .fallback = "unlabelled"};

static void say_ready(const struct belfry_host* host) {
  const char* path = host->text(host, "ready");
  FILE* file = path == NULL ? NULL : fopen(path, "w");
  if (file == NULL) return;
  fputs("begun\n", file);
  fclose(file);
}

static int crash(const struct belfry_host* host) {
  host->log(host, BELFRY_WARNING, "it will crash");
  signal(SIGSEGV, SIG_DFL);  // a sanitizer has a handler of its own
  return raise(SIGSEGV);
}

static int leave(const struct belfry_host* host) {
  (void)host;
  exit(0);
}

// Asks nobody whether it should go on.
static int loop(const struct belfry_host* host) {
  say_ready(host);
  for (;;) pause();
}

// Ends when it is told to.
static int obedient(const struct belfry_host* host) {
  say_ready(host);
  host->progress(host, 40, 100);
  sigset_t term;
  sigset_t before;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, &before);  // so that it cannot come between the look and the wait
  while (!host->is_cancelled(host)) sigsuspend(&before);
  sigprocmask(SIG_SETMASK, &before, NULL);
  host->message(host, "gave up");
  return 1;
}

static int flood(const struct belfry_host* host) {
  char piece[65536];
  memset(piece, 'x', sizeof piece);
  const int64_t pieces = 16 * host->number(host, "megabytes", 0);
  for (int64_t i = 0; i < pieces; ++i) host->write(host, piece, sizeof piece);
  for (int64_t i = 0; i < 100000; ++i) host->progress(host, (uint64_t)i, 100000);
  char* message = malloc(1 << 20);
  if (message == NULL) return 2;
  memset(message, 'm', 1 << 20);
  message[(1 << 20) - 1] = '\0';
  host->message(host, message);
  free(message);
  return 0;
}

static int curious(const struct belfry_host* host) { return host->text(host, "no_such") == NULL ? 0 : 3; }

static int numberless(const struct belfry_host* host) { return (int)host->number(host, "label", 0); }

static int out_of_range(const struct belfry_host* host) {
  (void)host;
  return 4711;
}

static int seven(const struct belfry_host* host) {
  host->message(host, host->text(host, "label"));
  return 7;
}

static const struct belfry_parameter* const with_ready[] = {&ready, NULL};
static const struct belfry_parameter* const with_megabytes[] = {&megabytes, NULL};
static const struct belfry_parameter* const with_label[] = {&label, NULL};

#define FUNCTION(call, takes)                             \
  static const struct belfry_function call##_function = { \
      .struct_size = sizeof(struct belfry_function), .name = #call, .parameters = takes, .run = call}
FUNCTION(crash, NULL);
FUNCTION(leave, NULL);
FUNCTION(loop, with_ready);
FUNCTION(obedient, with_ready);
FUNCTION(flood, with_megabytes);
FUNCTION(curious, NULL);
FUNCTION(numberless, with_label);
FUNCTION(out_of_range, NULL);
FUNCTION(seven, with_label);

static const struct belfry_function* const functions[] = {
    &crash_function,   &leave_function,      &loop_function,         &obedient_function, &flood_function,
    &curious_function, &numberless_function, &out_of_range_function, &seven_function,    NULL};
static const struct belfry_plugin plugin = {.struct_size = sizeof plugin,
                                            .abi_major = BELFRY_ABI_MAJOR,
                                            .abi_minor = BELFRY_ABI_MINOR,
                                            .name = "faults",
                                            .functions = functions};

const struct belfry_plugin* belfry_plugin_entry(void) { return &plugin; }
