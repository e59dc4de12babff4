// <belfry/plugin.h>: the C ABI between belfry and plugins, whose functions are what jobs of the kind `native` can run.
//
// C99 and C++. A plugin is a shared object that exports belfry_plugin_entry(). belfryd never loads one: each run of a
// function has a process of its own (belfry-plugin), as each command has, and what a plugin declares is read by such a
// process, too. A crash ends that process, and nothing else. docs/plugins.md writes a plugin.
//
// Versions. The first three fields of struct belfry_plugin and of struct belfry_host never move. A plugin and a belfry
// of the same major version work together; what a later minor version adds stands behind what is here, so
// - belfry reads no more of a plugin's tables than their `struct_size` says, and takes what is missing as 0;
// - a plugin that uses a member of belfry_host newer than version 1.0 looks first whether host->struct_size reaches it.
// Tables are pointed to one by one, in lists that end with NULL, so that each may grow.
//
// Ownership. All that a plugin declares stays its own, must not change, and is read while it is loaded. What belfry
// hands to a function is belfry's, and valid until the function returns.
#ifndef BELFRY_PLUGIN_H
#define BELFRY_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define BELFRY_ABI_MAJOR 1
#define BELFRY_ABI_MINOR 0

#ifdef __cplusplus
#define BELFRY_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define BELFRY_EXPORT __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

// What a parameter takes in the YAML. belfry checks it when the configuration is loaded.
enum belfry_type {
  BELFRY_TEXT = 1,      // one line, not empty
  BELFRY_BLOCK = 2,     // text of any length, with line breaks
  BELFRY_PATH = 3,      // made absolute below the job's working_dir
  BELFRY_FLAG = 4,      // true or false; as a number 1 or 0
  BELFRY_INTEGER = 5,   // from `least` to `most`
  BELFRY_SIZE = 6,      // "10M"; as a number bytes, from `least` to `most`
  BELFRY_DURATION = 7,  // "1h 30m"; as a number milliseconds, from `least` to `most`
  BELFRY_CHOICE = 8     // one of `choices`; as a number its index
};

// For belfry_parameter::flags.
#define BELFRY_REQUIRED 1u  // it must be given, so it has no fallback
#define BELFRY_LIST 2u      // of BELFRY_TEXT and BELFRY_PATH: one value, or a list of them

// For belfry_host::log.
enum belfry_level { BELFRY_INFO = 0, BELFRY_WARNING = 1, BELFRY_ERROR = 2 };

// One parameter. All texts are UTF-8, one line.
struct belfry_parameter {
  uint32_t struct_size;        // sizeof(struct belfry_parameter)
  int32_t type;                // enum belfry_type
  uint32_t flags;              // BELFRY_REQUIRED, BELFRY_LIST
  const char* name;            // a-z, 0-9 and _, a letter first; at most 60 bytes; not "function"
  const char* fallback;        // what holds when it is not given, written as in YAML; NULL: nothing
  const char* meaning;         // for people: "the files to read"
  int64_t least;               // of BELFRY_INTEGER, BELFRY_SIZE, BELFRY_DURATION; 0 or more of the last two
  int64_t most;                // 0 of the last two: no limit
  const char* const* choices;  // of BELFRY_CHOICE: at least one; ends with NULL
};

// What a function may ask and tell. May be called from any thread of the plugin, until the function returns.
struct belfry_host {
  uint32_t struct_size;
  uint16_t abi_major;
  uint16_t abi_minor;

  // The value of a parameter, as text (of a list its first), or its fallback. NULL: there is neither. Of an integer, a
  // size or a duration it is what number() tells, in digits.
  const char* (*text)(const struct belfry_host* host, const char* name);
  // The values of a parameter one by one, from index 0; NULL: there are no more.
  const char* (*item)(const struct belfry_host* host, const char* name, size_t index);
  // Of a flag, integer, size, duration or choice; `otherwise` where it is neither given nor has a fallback.
  int64_t (*number)(const struct belfry_host* host, const char* name, int64_t otherwise);
  // A name that the function does not declare, or number() of a text, is a mistake of the plugin: the answer is NULL,
  // or `otherwise`, and the run fails with a message that says so, whatever the function returns.

  // Not 0: the run was cancelled or took too long: return soon. After the job's kill_grace the process is killed.
  // Cheap: one load of an atomic. SIGTERM is what sets it, so blocking calls end with EINTR in the thread that gets it.
  int (*is_cancelled)(const struct belfry_host* host);
  // How far it is; `total` 0: nobody knows. Call it as often as you like: a line of it comes into the run's error
  // output at most once a second, and the last of it into the message of a run that did not succeed.
  void (*progress)(const struct belfry_host* host, uint64_t done, uint64_t total);
  // A line of the run's error output; `level` is an enum belfry_level.
  void (*log)(const struct belfry_host* host, int level, const char* text);
  // The run's output, in order with what was printed to stdout. The job's `output` says how much of it is kept.
  void (*write)(const struct belfry_host* host, const void* bytes, size_t count);
  // The sentence that the ledger keeps about this run, copied; the last one counts. At most 4,000 bytes.
  void (*message)(const struct belfry_host* host, const char* text);
};

// One function.
struct belfry_function {
  uint32_t struct_size;                              // sizeof(struct belfry_function)
  const char* name;                                  // as of parameters; jobs call it PLUGIN.NAME
  const char* summary;                               // for people: "counts words"
  const struct belfry_parameter* const* parameters;  // ends with NULL; may be NULL: there are none
  // Does the work, on the first thread of its own process, in the job's working_dir. Returns 0 for success, 1 to 255
  // for a failure: it is the exit code of the run. Processes and threads that it leaves behind are ended. What the
  // process holds goes with it; destructors of static objects and atexit(3) are not run.
  // It should not let an exception pass (the run fails, with what() if belfry-plugin can read it) and must not leave by
  // longjmp(3), exit(3) or a handler of SIGTERM of its own: exit is a failure, whatever its status.
  int (*run)(const struct belfry_host* host);
};

struct belfry_plugin {
  uint32_t struct_size;                            // sizeof(struct belfry_plugin)
  uint16_t abi_major;                              // BELFRY_ABI_MAJOR
  uint16_t abi_minor;                              // BELFRY_ABI_MINOR
  const char* name;                                // as of parameters; the first half of what jobs call its functions
  const char* version;                             // its own, for people; may be NULL
  const char* summary;                             // for people; may be NULL
  const struct belfry_function* const* functions;  // at least one, at most 200; ends with NULL
};

#ifdef __cplusplus
}
#endif

// What a plugin exports. Called once, on the first thread, after the constructors. NULL: the plugin cannot be used.
// Reading the declaration must need nothing but the file: it is done when a configuration is loaded, validated or
// explained, by whoever does that, and takes at most 10 seconds.
BELFRY_EXPORT const struct belfry_plugin* belfry_plugin_entry(void);

#endif
