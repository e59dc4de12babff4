// What `belfry-exec --keeper` is: the other side of lib/io/fd_keeper.hpp.
#pragma once

/// Holds descriptors for belfryd until they are needed no longer; `door` listens at `path`. Returns the exit status: 0
/// when it was told to end, or belfryd has gone and it holds nothing, or cannot be reached by another one.
int keep_descriptors(int door, const char* path);
