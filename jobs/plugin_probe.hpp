// probe_plugin(): asks a plugin what it declares, in a process of its own (belfry-plugin).
#pragma once

#include <chrono>
#include <expected>
#include <filesystem>
#include <string>

#include "jobs/plugin_declaration.hpp"

namespace belfry::jobs {

/// Reads the declaration of the plugin at `path`, which is absolute. Whatever the plugin does is bounded: a crash, an
/// endless loop (killed after `patience`) or an endless answer (1 MiB) is a sentence about "it" that says so. Refuses a
/// file that others than root and this process's user may change. Blocks for the time of an exec and of loading the
/// plugin; any thread, but no other may change the environment meanwhile. Needs no loop.
std::expected<PluginDeclaration, std::string> probe_plugin(
    const std::filesystem::path& path, std::chrono::milliseconds patience = std::chrono::seconds(10));

/// Where belfry-plugin is: beside this program, in ../libexec/belfry from there, or in PATH. The error is a sentence.
std::expected<std::string, std::string> find_plugin_program();

}  // namespace belfry::jobs
