# What the targets of this project share: warnings, the precompiled header, examples, fuzz targets, the header check.

add_library(tractor_warnings INTERFACE)
target_compile_options(tractor_warnings INTERFACE -Wall -Wextra $<$<BOOL:${TRACTOR_WERROR}>:-Werror>)
# g++ 12 sees copies of nearly 2^63 bytes in `"text" + std::string` when it inlines as much as -O3 does.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(tractor_warnings INTERFACE $<$<CONFIG:Release>:-Wno-restrict>)
endif()

# Clang sees what GCC's own headers use of what they call deprecated: stable_sort's buffer.
target_compile_options(tractor_warnings INTERFACE $<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations>)

# What a build for development compiles in full but nobody measures: tests, examples, benchmarks, tools. Without
# optimisation they compile faster (an example full of coroutines: 6.3 s with -O0 -g1, 10.7 s with -O2 -g); the library
# and the plugins they use are optimised all the same. The preset release has them as programs of users are.
add_library(tractor_unmeasured INTERFACE)
target_compile_options(tractor_unmeasured INTERFACE $<$<CONFIG:RelWithDebInfo>:-O0>)

# What tests, examples and tools do wrong, the address sanitizer sees. To compile them with the checks of undefined behaviour as
# well doubles the time (tests full of coroutines: 68 s in place of 29 s); the library and the plugins have those checks
# always, and `tools/test --full` has all of them.
option(TRACTOR_UBSAN_EVERYWHERE "Check tests, examples and tools for undefined behaviour, too, in the preset asan" OFF)
if(NOT TRACTOR_UBSAN_EVERYWHERE AND CMAKE_CXX_FLAGS MATCHES "address,undefined")
  target_compile_options(tractor_unmeasured INTERFACE -fno-sanitize=undefined)
endif()

# tractor_precompile(<target> <header>...)
# Compiles the target's common headers once. Only with TRACTOR_PCH: see the option.
function(tractor_precompile target)
  if(TRACTOR_PCH)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

# tractor_compile_together(<target> <number>)
# Compiles the target's sources that lie in one folder together, up to so many at once. What they share, most of all
# coroutines and containers of the same types, is then compiled once: see the option TRACTOR_UNITY. Names that a source
# keeps to itself must therefore differ within a folder; tests have a namespace each.
function(tractor_compile_together target number)
  if(NOT TRACTOR_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  # g++ takes the sources for headers, whose types should not have members of a nameless namespace.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  get_target_property(sources ${target} SOURCES)
  list(SORT sources)
  foreach(source IN LISTS sources)
    file(REAL_PATH ${source} path BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    file(RELATIVE_PATH path ${PROJECT_SOURCE_DIR} ${path})
    get_filename_component(folder ${path} DIRECTORY)
    string(MAKE_C_IDENTIFIER ${folder} group)
    math(EXPR in_group "0${count_${group}} + 1")
    set(count_${group} ${in_group})
    math(EXPR part "(${in_group} - 1) / ${number}")
    set_property(SOURCE ${source} PROPERTY UNITY_GROUP ${target}_${group}_${part})
  endforeach()
endfunction()

# tractor_add_example(<name> <source>...)
# A program build/<preset>/bin/examples/<name> linked with the framework.
function(tractor_add_example name)
  add_executable(example_${name} ${ARGN})
  target_link_libraries(example_${name} PRIVATE tractor_unmeasured tractor::tractor tractor_warnings)
  set_target_properties(example_${name} PROPERTIES
    OUTPUT_NAME ${name}
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin/examples)
  # All examples have the same flags: the first one's precompiled header serves the others.
  get_property(first GLOBAL PROPERTY TRACTOR_FIRST_EXAMPLE)
  if(first AND TRACTOR_PCH)
    target_precompile_headers(example_${name} REUSE_FROM ${first})
  elseif(NOT first)
    set_property(GLOBAL PROPERTY TRACTOR_FIRST_EXAMPLE example_${name})
    tractor_precompile(example_${name} <tractor/tractor.hpp> <iostream> <string> <vector>)
  endif()
endfunction()

# tractor_add_fuzz_target(<name> <source>...)
# A libFuzzer program build/<preset>/bin/fuzz/<name>; its seeds are the files of tests/fuzz/corpus/<name>.
function(tractor_add_fuzz_target name)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "Fuzz target ${name}: libFuzzer needs clang; configure with 'cmake --preset fuzz'")
  endif()
  add_executable(fuzz_${name} ${ARGN})
  target_link_libraries(fuzz_${name} PRIVATE tractor::tractor tractor_warnings)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR}/framework/src)
  set_target_properties(fuzz_${name} PROPERTIES
    OUTPUT_NAME ${name}
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin/fuzz)
endfunction()

# tractor_add_header_check(<target> <include folder> <library>...)
# Target header_self_check: each header below the folder compiles as the only include of a source.
function(tractor_add_header_check target folder)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/*.hpp)
  set(sources)
  foreach(header IN LISTS headers)
    string(MAKE_C_IDENTIFIER ${header} name)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/header_self_check/${name}.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "#include <${header}>\n#include <${header}>\n")
    list(APPEND sources ${source})
  endforeach()
  if(sources)
    add_library(${target}_headers OBJECT EXCLUDE_FROM_ALL ${sources})
    target_link_libraries(${target}_headers PRIVATE ${ARGN} tractor_warnings)
    target_compile_options(${target}_headers PRIVATE -O0 -g0)
    if(NOT TARGET header_self_check)
      add_custom_target(header_self_check)
    endif()
    add_dependencies(header_self_check ${target}_headers)
  endif()
endfunction()
