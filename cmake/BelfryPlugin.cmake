# belfry_add_plugin(NAME source...): a plugin for jobs of the kind `native`, NAME.so, of C or C++. Nothing but
# belfry_plugin_entry() is seen from outside, and a symbol that is missing fails the build, not the job.
function(belfry_add_plugin name)
  if(NOT ARGN)
    message(FATAL_ERROR "belfry_add_plugin(${name}): name the sources behind it")
  endif()
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE belfry::plugin)
  target_link_options(${name} PRIVATE LINKER:-z,defs)
  set_target_properties(${name} PROPERTIES PREFIX "" SUFFIX ".so" C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden)
endfunction()
