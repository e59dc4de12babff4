# Which compilers are fit, and the flags that every target of belfry is compiled with.

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "belfry cannot be built with GCC ${CMAKE_CXX_COMPILER_VERSION}: before version 13 GCC destroys temporaries of "
    "co_await expressions twice (GCC bugs 99576, 100611, 101367, 101976), which corrupts memory at run time.\n"
    "Install Clang 19 and configure with a preset, or use GCC 13 or later:\n"
    "  apt-get install clang-19\n"
    "  cmake --preset release")
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
  message(FATAL_ERROR "belfry needs Clang 16 or later, found ${CMAKE_CXX_COMPILER_VERSION}: apt-get install clang-19")
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

set(BELFRY_SANITIZE "" CACHE STRING "Sanitizers for the whole tree: empty, 'address,undefined' or 'thread'")

# What every target of belfry is compiled with; the consumers of the installed library do not inherit it.
add_library(belfry_flags INTERFACE)
target_compile_options(belfry_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Woverloaded-virtual -Wcast-align -Wformat=2 -Wimplicit-fallthrough -Werror
  -fno-omit-frame-pointer)
# Debug and sanitized builds: an empty optional or an index beyond the end stops the program where it happens.
target_compile_definitions(belfry_flags INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
if(BELFRY_SANITIZE)
  # vptr asks the kernel through a pipe whether an address is readable: where descriptors have run out, as tests make
  # them, it takes every object for a wrong one.
  target_compile_options(belfry_flags INTERFACE -fsanitize=${BELFRY_SANITIZE} -fno-sanitize=vptr -fno-sanitize-recover=all)
  target_link_options(belfry_flags INTERFACE -fsanitize=${BELFRY_SANITIZE})
endif()
