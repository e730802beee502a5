# What `cmake --install` puts where: the library, its headers, the tools with their manual, the harness, the CMake package, tractor.pc.
# Plugins install themselves (TractorPlugin.cmake).
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tractor)
set(plugin_dir ${CMAKE_INSTALL_LIBDIR}/tractor/plugins)

install(TARGETS tractor EXPORT tractorTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT runtime NAMELINK_COMPONENT development)
install(DIRECTORY framework/include/tractor DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
  FILES_MATCHING PATTERN *.hpp)
install(EXPORT tractorTargets NAMESPACE tractor:: DESTINATION ${package_dir} COMPONENT development)

if(TARGET tractor::harness)
  get_target_property(harness tractor::harness ALIASED_TARGET)
  set_target_properties(${harness} PROPERTIES EXPORT_NAME harness)
  install(TARGETS ${harness} EXPORT tractorHarnessTargets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT harness
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT harness)
  install(DIRECTORY harness/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT harness
    FILES_MATCHING PATTERN *.hpp)
  install(FILES cmake/TractorTest.cmake DESTINATION ${package_dir} COMPONENT harness)
  install(EXPORT tractorHarnessTargets NAMESPACE tractor:: DESTINATION ${package_dir} COMPONENT harness)
endif()

# Each program of tools/ is installed; its scripts for users (tractor-gdb.py and the like) go beside the docs.
get_property(programs DIRECTORY tools PROPERTY BUILDSYSTEM_TARGETS)
foreach(program IN LISTS programs)
  get_target_property(type ${program} TYPE)
  if(type STREQUAL EXECUTABLE)
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
  endif()
endforeach()
install(DIRECTORY ${PROJECT_BINARY_DIR}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT tools
  OPTIONAL FILES_MATCHING PATTERN *.1)
file(GLOB scripts CONFIGURE_DEPENDS tools/*.py)
install(FILES ${scripts} DESTINATION ${CMAKE_INSTALL_DATADIR}/tractor COMPONENT tools)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)

configure_package_config_file(cmake/tractorConfig.cmake.in ${PROJECT_BINARY_DIR}/package/tractorConfig.cmake
  INSTALL_DESTINATION ${package_dir} PATH_VARS plugin_dir)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/tractorConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/package/tractorConfig.cmake
  ${PROJECT_BINARY_DIR}/package/tractorConfigVersion.cmake
  cmake/TractorPlugin.cmake
  DESTINATION ${package_dir} COMPONENT development)

# tractor.pc finds its prefix from its own place, so that the tree can be moved.
file(RELATIVE_PATH pc_to_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/tractor.pc.in ${PROJECT_BINARY_DIR}/package/tractor.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/package/tractor.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
