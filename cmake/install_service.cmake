# Runs at install time: the unit, sysusers and tmpfiles for this prefix, and the default configuration.
# In: belfry_source, belfry_bindir, CMAKE_INSTALL_PREFIX, $DESTDIR.

get_filename_component(prefix "${CMAKE_INSTALL_PREFIX}" ABSOLUTE)
set(BELFRY_BINDIR "${prefix}/${belfry_bindir}")
if(prefix STREQUAL "/usr" OR prefix STREQUAL "/usr/local")
  set(BELFRY_CONFIG_DIR /etc/belfry)
else()
  set(BELFRY_CONFIG_DIR "${prefix}/etc/belfry")
endif()

function(place template folder name)
  set(target "$ENV{DESTDIR}${prefix}/lib/${folder}/${name}")
  configure_file("${belfry_source}/systemd/${template}" "${target}" @ONLY)
  message(STATUS "Installing: ${target}")
endfunction()
place(belfryd.service.in systemd/system belfryd.service)
place(belfry.sysusers sysusers.d belfry.conf)
place(belfry.tmpfiles tmpfiles.d belfry.conf)

set(config "$ENV{DESTDIR}${BELFRY_CONFIG_DIR}/scheduler.yaml")
if(EXISTS "${config}")
  message(STATUS "Kept as it is: ${config}")
else()
  message(STATUS "Installing: ${config}")
  configure_file("${belfry_source}/systemd/scheduler.yaml" "${config}" COPYONLY)
endif()
