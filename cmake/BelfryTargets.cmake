# One way to declare each kind of target. A folder is a library: every .cpp beside the CMakeLists.txt belongs to it.

include(GNUInstallDirs)

add_custom_target(programs)                        # belfryd, belfry, belfry-exec, belfry-plugin: what `make build` wants
add_custom_target(check_headers)                   # compiles every header alone
define_property(GLOBAL PROPERTY BELFRY_LIBRARIES)  # the libraries of lib/ and jobs/: they are installed

# belfry_library(NAME [PUBLIC lib...] [PRIVATE lib...] [SOURCES file...]): the static library belfry_NAME, alias
# belfry::NAME, of every .cpp in and below the folder, or of the named sources.
function(belfry_library name)
  cmake_parse_arguments(ARG "" "" "PUBLIC;PRIVATE;SOURCES" ${ARGN})
  if(NOT ARG_SOURCES)
    file(GLOB_RECURSE ARG_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  endif()
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.hpp)
  if(NOT ARG_SOURCES)
    return()
  endif()
  add_library(belfry_${name} STATIC ${ARG_SOURCES} ${headers})
  add_library(belfry::${name} ALIAS belfry_${name})
  target_include_directories(belfry_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/lib> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/belfry>)
  target_compile_features(belfry_${name} PUBLIC cxx_std_23)
  target_link_libraries(belfry_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE} $<BUILD_INTERFACE:belfry_flags>)
  set_target_properties(belfry_${name} PROPERTIES EXPORT_NAME ${name})
  belfry_unity(belfry_${name})
  belfry_check_headers(belfry_${name} ${headers})
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  if(folder MATCHES "^(lib/|jobs)")
    set_property(GLOBAL APPEND PROPERTY BELFRY_LIBRARIES belfry_${name})
  endif()
endfunction()

# belfry_program(NAME SOURCES file... [LINK lib...]): a program in bin/, installed, part of the target `programs`.
function(belfry_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  belfry_unity(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} belfry_flags)
  add_dependencies(programs ${name})
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
endfunction()

# belfry_check_headers(LIBRARY header...): compiles every header alone, as a part of the target `check_headers`. A header
# that has a source of its own is not compiled again: that source includes it first (layering_test sees to it).
function(belfry_check_headers library)
  set(units)
  foreach(header IN LISTS ARGN)
    string(REGEX REPLACE "hpp$" "cpp" source ${header})
    if(EXISTS ${source})
      continue()
    endif()
    file(RELATIVE_PATH relative ${PROJECT_SOURCE_DIR} ${header})
    string(MAKE_C_IDENTIFIER ${relative} identifier)
    set(unit ${CMAKE_BINARY_DIR}/header_check/${identifier}.cpp)
    file(CONFIGURE OUTPUT ${unit} CONTENT "#include \"${header}\"\n")
    list(APPEND units ${unit})
  endforeach()
  add_dependencies(check_headers ${library})  # the sources that include their header first
  if(units)
    add_library(${library}_headers OBJECT EXCLUDE_FROM_ALL ${units})
    target_compile_options(${library}_headers PRIVATE -O0 -g0)  # only whether it compiles
    target_link_libraries(${library}_headers PRIVATE ${library} belfry_flags)
    add_dependencies(check_headers ${library}_headers)
  endif()
endfunction()

# belfry_test(NAME [LINK lib...] [SOURCES file...]): a Catch2 program of every *_test.cpp of the folder, one CTest per case.
function(belfry_test name)
  cmake_parse_arguments(ARG "" "" "LINK;SOURCES" ${ARGN})
  if(NOT ARG_SOURCES)
    file(GLOB_RECURSE ARG_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp)
  endif()
  if(NOT ARG_SOURCES)
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  belfry_unity(${name})
  target_link_libraries(${name} PRIVATE ${ARG_LINK} Catch2::Catch2WithMain belfry_flags)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name} PRIVATE BELFRY_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                             BELFRY_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  catch_discover_tests(${name} TEST_PREFIX "${name}: " DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 120)
endfunction()

# belfry_python_test(NAME SCRIPT [ARGS arg...] [TIMEOUT seconds] [SERIAL]): the same for a test in Python 3.
function(belfry_python_test name script)
  cmake_parse_arguments(ARG "SERIAL" "TIMEOUT" "ARGS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  find_program(BELFRY_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
  add_test(NAME ${name} COMMAND ${BELFRY_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/${script} ${ARG_ARGS})
  belfry_program_test(${name})
endfunction()

# belfry_script_test(NAME SCRIPT [ARGS arg...] [TIMEOUT seconds] [SERIAL]): a shell test; status 77 means skipped.
function(belfry_script_test name script)
  cmake_parse_arguments(ARG "SERIAL" "TIMEOUT" "ARGS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_test(NAME ${name} COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/${script} ${ARG_ARGS})
  belfry_program_test(${name})
endfunction()

# What the tests of whole programs have in common; called with the arguments of the two functions above in force. What
# they say about memory would mean nothing with a quarantine of 256 MB.
macro(belfry_program_test name)
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT ${ARG_TIMEOUT} RUN_SERIAL ${ARG_SERIAL}
    ENVIRONMENT "SOURCE_DIR=${PROJECT_SOURCE_DIR};BUILD_DIR=${CMAKE_BINARY_DIR};BIN_DIR=${CMAKE_RUNTIME_OUTPUT_DIRECTORY};SANITIZE=${BELFRY_SANITIZE};ASAN_OPTIONS=quarantine_size_mb=16")
endmacro()
