# Under a sanitizer the sources of a target are compiled together, some in one unit: continuous integration builds both
# sanitizers cold, and of that most is the same headers, read again for every source. It halves the time. Release and
# debug compile every source alone, and so see a missing include, a name that shadows, and what is private indeed.
#
# Neighbours in a unit share their anonymous namespaces, `using` lines and macros. Where two private names collide, give
# one the name that says more, or share what is the same helper twice. Where that would make good sources worse, list
# one of them here: it is compiled apart.
set(belfry_compiled_apart
  tests/daemon/config/flow_test.cpp      # each of the three has its own job() and load(),
  tests/daemon/config/plugins_test.cpp   # not those of good_file.hpp,
  tests/daemon/config/schedule_test.cpp  # which their neighbours use
)

set(BELFRY_UNIT_SIZE 8 CACHE STRING "So many sources in one unit, where they are compiled together")

option(BELFRY_UNITY "Compile several sources together; for `make lint`, which reads headers even slower" OFF)
if((BELFRY_SANITIZE OR BELFRY_UNITY) AND NOT BELFRY_BUILD_FUZZERS)
  set(belfry_compiles_together ON)
  target_compile_options(belfry_flags INTERFACE -Wno-shadow)  # a constant of a neighbour is not shadowed
endif()

# belfry_unity(TARGET): compiles its sources together, if this build does so at all.
function(belfry_unity target)
  if(NOT belfry_compiles_together)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${BELFRY_UNIT_SIZE})
  set(apart ${belfry_compiled_apart})
  list(TRANSFORM apart PREPEND ${PROJECT_SOURCE_DIR}/)

  # belfryd_faulty compiles those of a library anew that have a fault point (tests/system/crash): the linker then leaves
  # their objects in the library alone, which it cannot where others are in the same object.
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    get_target_property(sources ${target} SOURCES)
    list(FILTER sources INCLUDE REGEX "\\.cpp$")
    foreach(source IN LISTS sources)
      cmake_path(ABSOLUTE_PATH source)
      file(STRINGS ${source} point REGEX "BELFRY_FAULT_POINT\\(" LIMIT_COUNT 1)
      if(point)
        list(APPEND apart ${source})
      endif()
    endforeach()
  endif()
  set_source_files_properties(${apart} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

foreach(source IN LISTS belfry_compiled_apart)
  if(NOT EXISTS ${PROJECT_SOURCE_DIR}/${source})
    message(FATAL_ERROR "cmake/BelfryUnity.cmake lists ${source}, which is not there")
  endif()
endforeach()
