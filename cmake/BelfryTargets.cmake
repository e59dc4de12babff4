# One way to declare each kind of target. A folder is a library: every .cpp beside the CMakeLists.txt belongs to it.

include(GNUInstallDirs)

# belfry_library(NAME [PUBLIC lib...] [PRIVATE lib...]): the static library belfry_NAME, alias belfry::NAME.
function(belfry_library name)
  cmake_parse_arguments(ARG "" "" "PUBLIC;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.hpp)
  if(NOT sources)
    return()
  endif()
  add_library(belfry_${name} STATIC ${sources} ${headers})
  add_library(belfry::${name} ALIAS belfry_${name})
  target_include_directories(belfry_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/lib> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/belfry>)
  target_compile_features(belfry_${name} PUBLIC cxx_std_23)
  target_link_libraries(belfry_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE} $<BUILD_INTERFACE:belfry_flags>)
  set_target_properties(belfry_${name} PROPERTIES EXPORT_NAME ${name})
  belfry_check_headers(belfry_${name} ${headers})
endfunction()

# belfry_check_headers(LIBRARY header...): compiles every header alone, as the target `check_headers` and with `all`.
function(belfry_check_headers library)
  set(units)
  foreach(header IN LISTS ARGN)
    file(RELATIVE_PATH relative ${PROJECT_SOURCE_DIR} ${header})
    string(MAKE_C_IDENTIFIER ${relative} identifier)
    set(unit ${CMAKE_BINARY_DIR}/header_check/${identifier}.cpp)
    file(CONFIGURE OUTPUT ${unit} CONTENT "#include \"${header}\"\n#include \"${header}\"  // twice: the guard holds\n")
    list(APPEND units ${unit})
  endforeach()
  if(units)
    add_library(${library}_headers OBJECT EXCLUDE_FROM_ALL ${units})
    target_link_libraries(${library}_headers PRIVATE ${library} belfry_flags)
    if(NOT TARGET check_headers)
      add_custom_target(check_headers)
    endif()
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
  target_link_libraries(${name} PRIVATE ${ARG_LINK} Catch2::Catch2WithMain belfry_flags)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name} PRIVATE BELFRY_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                             BELFRY_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  catch_discover_tests(${name} TEST_PREFIX "${name}: " DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 120)
endfunction()
