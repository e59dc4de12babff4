# What `cmake --install` places. Components: `programs`, `library` (find_package(belfry)), `service`, `docs`.

include(CMakePackageConfigHelpers)

# --- library: headers below include/belfry, one export set, a package file that finds what each component needs
get_property(libraries GLOBAL PROPERTY BELFRY_LIBRARIES)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/belfry)
if(libraries)
  install(TARGETS ${libraries} EXPORT belfryTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
  install(EXPORT belfryTargets NAMESPACE belfry:: DESTINATION ${package_dir} COMPONENT library)
endif()
install(DIRECTORY lib/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/belfry COMPONENT library FILES_MATCHING PATTERN "*.hpp")
install(DIRECTORY jobs DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/belfry COMPONENT library FILES_MATCHING PATTERN "*.hpp"
  PATTERN "plugin" EXCLUDE)
install(DIRECTORY jobs/plugin/belfry DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library FILES_MATCHING PATTERN "*.h")
configure_package_config_file(cmake/belfryConfig.cmake.in ${CMAKE_BINARY_DIR}/belfryConfig.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/belfryConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/belfryConfig.cmake ${CMAKE_BINARY_DIR}/belfryConfigVersion.cmake cmake/BelfryPlugin.cmake
  DESTINATION ${package_dir} COMPONENT library)

# --- service: the prefix is known only now, at install time, and the unit must name it. Below /usr and /usr/local the
# configuration belongs to /etc; any other prefix keeps it to itself. An existing configuration is left alone.
install(CODE "set(belfry_source \"${PROJECT_SOURCE_DIR}\")
set(belfry_bindir \"${CMAKE_INSTALL_BINDIR}\")" COMPONENT service)
install(SCRIPT cmake/install_service.cmake COMPONENT service)

# --- monitoring: alert rules and dashboards, for those who run Prometheus and Grafana
install(DIRECTORY systemd/prometheus systemd/grafana DESTINATION ${CMAKE_INSTALL_DATADIR}/belfry COMPONENT service)

# --- docs: man pages, the pages of docs/, licence
install(FILES docs/man/belfry.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT docs)
install(FILES docs/man/belfryd.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 COMPONENT docs)
install(FILES docs/man/scheduler.yaml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT docs)
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT docs FILES_MATCHING PATTERN "*.md" PATTERN "*.json" PATTERN "man" EXCLUDE)
install(FILES README.md CHANGELOG.md LICENSE scheduler.yaml DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT docs)
