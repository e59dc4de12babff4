// A plugin in C++, wrong or odd in the way that VARIANT says: each value is a plugin of its own.
#include <belfry/plugin.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

namespace {

enum Variant {
  fine,
  newer_minor,
  other_major,
  null_table,
  no_function,
  bad_name,
  bad_fallback,
  bad_type,
  twice,
  dies,
  hangs,
  throws
};
constexpr Variant variant = VARIANT;

int run(const belfry_host* host) {
  if (variant == throws) throw std::runtime_error("thrown by a plugin");
  host->message(host, "fine");
  return 0;
}

// What a later minor version might have: more at the end of each table.
struct LaterPlugin {
  belfry_plugin now;
  const char* later;
};

const belfry_parameter parameter = {.struct_size = sizeof(belfry_parameter),
                                    .type = variant == bad_type ? 99 : BELFRY_DURATION,
                                    .flags = 0,
                                    .name = variant == bad_name ? "Span" : "span",
                                    .fallback = variant == bad_fallback ? "soon" : "5m",
                                    .meaning = "a span",
                                    .least = 0,
                                    .most = 0,
                                    .choices = nullptr};
const belfry_parameter* const parameters[] = {&parameter, variant == twice ? &parameter : nullptr, nullptr};
const belfry_function function = {.struct_size = sizeof(belfry_function),
                                  .name = "run",
                                  .summary = "runs\x1b[31m \xff",
                                  .parameters = parameters,
                                  .run = run};
const belfry_function* const functions[] = {variant == no_function ? nullptr : &function, nullptr};
const LaterPlugin plugin = {.now = {.struct_size = variant == newer_minor ? sizeof(LaterPlugin) : sizeof(belfry_plugin),
                                    .abi_major = variant == other_major ? BELFRY_ABI_MAJOR + 1 : BELFRY_ABI_MAJOR,
                                    .abi_minor = variant == newer_minor ? 7 : BELFRY_ABI_MINOR,
                                    .name = "variant",
                                    .version = "2",
                                    .summary = nullptr,
                                    .functions = functions},
                            .later = "of a later version"};

}  // namespace

const belfry_plugin* belfry_plugin_entry() {
  if (variant == dies) std::raise(SIGABRT);
  while (variant == hangs) ::pause();
  return variant == null_table ? nullptr : &plugin.now;
}
