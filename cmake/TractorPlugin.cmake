# The one way to build a plugin, inside this project and outside of it.
#
#   find_package(tractor CONFIG REQUIRED)
#   tractor_add_transport(pigeon SOURCES pigeon.cpp)
#   tractor_add_spawn_backend(cloud SOURCES cloud.cpp [LINK_LIBRARIES curl])
#   tractor_add_decorator(tap SOURCES tap.cpp)
#
# Each makes a target tractor_<kind>_<key> and a file libtractor_<kind>_<key>.so, kind being `transport`, `spawn` or `decorator`:
# hidden visibility, no undefined symbols, never linked against. The file is written to <build>/lib/tractor/plugins
# (variable TRACTOR_PLUGIN_OUTPUT_DIRECTORY changes that; use it as TRACTOR_PLUGIN_PATH of a program) and
# installed to <libdir>/tractor/plugins (variable TRACTOR_PLUGIN_INSTALL_DIR changes that).
include_guard(GLOBAL)

function(tractor_add_transport key)
  _tractor_add_plugin(transport ${key} ${ARGN})
endfunction()

function(tractor_add_spawn_backend key)
  _tractor_add_plugin(spawn ${key} ${ARGN})
endfunction()

function(tractor_add_decorator key)
  _tractor_add_plugin(decorator ${key} ${ARGN})
endfunction()

function(_tractor_add_plugin kind key)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "SOURCES;LINK_LIBRARIES")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${kind} plugin ${key}: unknown arguments '${arg_UNPARSED_ARGUMENTS}'; "
      "the form is <key> SOURCES <file>... [LINK_LIBRARIES <library>...]")
  endif()
  if(NOT arg_SOURCES)
    message(FATAL_ERROR "${kind} plugin ${key}: no SOURCES given")
  endif()
  if(NOT key MATCHES "^[a-z][a-z0-9_]*$")
    message(FATAL_ERROR "${kind} plugin '${key}': a key is made of lower case letters, digits and underscores")
  endif()

  set(target tractor_${kind}_${key})
  add_library(${target} MODULE ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE tractor::tractor ${arg_LINK_LIBRARIES})
  if(TARGET tractor_warnings)
    target_link_libraries(${target} PRIVATE tractor_warnings)
  endif()
  if(TRACTOR_PLUGIN_OUTPUT_DIRECTORY)
    set(output ${TRACTOR_PLUGIN_OUTPUT_DIRECTORY})
  else()
    set(output ${PROJECT_BINARY_DIR}/lib/tractor/plugins)
  endif()
  set_target_properties(${target} PROPERTIES
    PREFIX lib
    SUFFIX .so
    CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    # <libdir>/tractor/plugins -> <libdir>
    INSTALL_RPATH $ORIGIN/../..
    LIBRARY_OUTPUT_DIRECTORY ${output})
  tractor_forbid_undefined_symbols(${target})
  if(COMMAND tractor_compile_together)
    tractor_compile_together(${target} 8)
  endif()
  set_property(GLOBAL APPEND PROPERTY TRACTOR_PLUGINS ${target})

  include(GNUInstallDirs)
  if(TRACTOR_PLUGIN_INSTALL_DIR)
    set(destination ${TRACTOR_PLUGIN_INSTALL_DIR})
  else()
    set(destination ${CMAKE_INSTALL_LIBDIR}/tractor/plugins)
  endif()
  if(TRACTOR_INSTALL OR NOT PROJECT_NAME STREQUAL tractor)
    install(TARGETS ${target} LIBRARY DESTINATION ${destination} COMPONENT plugins)
  endif()
endfunction()

# A missing symbol fails at link time instead of at load time. Not with clang's sanitizers: their runtime is only in
# the executable, so a shared object of theirs always has undefined symbols.
function(tractor_forbid_undefined_symbols target)
  if(NOT (CMAKE_CXX_COMPILER_ID MATCHES Clang AND CMAKE_CXX_FLAGS MATCHES -fsanitize))
    target_link_options(${target} PRIVATE LINKER:-z,defs)
  endif()
endfunction()
