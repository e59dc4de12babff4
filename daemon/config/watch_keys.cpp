// The keys of `watch`; the others are in keys.cpp.
#include <array>

#include "daemon/config/keys.hpp"

namespace belfry::daemon {
namespace {

constexpr std::array watch_keys{
    Key{"paths", "a path, a glob, or a list", "",
        "the files; a folder means those directly in it; relative to the folder of this file"},
    Key{"exclude", "a name, a glob, or a list", "",
        "what is left out, by its name or its path below the first wildcard"},
    Key{"events", "appear, change, or a list", "[appear, change]",
        "what counts: a file that was not there, or another content"},
    Key{"debounce", "a duration up to 1h", "1s", "a slot is due when nothing has happened for so long"},
    Key{"stable_for", "a duration up to 1d", "0s", "and when the files have kept their size and time for so long"},
    Key{"existing", "newer, run or ignore", "newer",
        "what becomes of files that are there at the start: those that changed since the last run count, all, or none"},
    Key{"rescan", "a duration from 1s, or none", "none",
        "looks at all files so often, too: for network file systems, of which the kernel tells nothing"},
    Key{"max_folders", "1 to 1000000", "1000",
        "so many folders are watched; those beyond are told in the log, and looked at once a minute"},
};

}  // namespace

constinit const Section watch_section{"watch", watch_keys};

}  // namespace belfry::daemon
