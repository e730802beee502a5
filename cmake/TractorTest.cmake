# tractor_discover_tests(TARGET [PLUGINS TARGET...] [ARGUMENTS WORD...])
#
# Gives each test of a program that is built on tractor::harness to CTest, in each cell it runs in, as CTest starts:
# plugins that come later need no new configuration. Labels are suite, backend, transport and those of the test
# (`ctest -L uds`); bounds and the code for skips come with it. PLUGINS are targets of this project whose plugins belong
# to the matrix; ARGUMENTS go to every run of the program (`--timeout-scale=2`).
function(tractor_discover_tests target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "PLUGINS;ARGUMENTS")
  if(arg_UNPARSED_ARGUMENTS OR arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR
      "tractor_discover_tests(${target}): cannot use ${arg_UNPARSED_ARGUMENTS} ${arg_KEYWORDS_MISSING_VALUES}")
  endif()
  set(words "")
  set(folders "")
  foreach(plugin IN LISTS arg_PLUGINS)
    add_dependencies(${target} ${plugin})
    list(APPEND folders $<TARGET_FILE_DIR:${plugin}>)
  endforeach()
  list(REMOVE_DUPLICATES folders)
  if(folders)
    list(JOIN folders ":" folders)
    set(words " [==[--plugin-path=${folders}]==]")
  endif()
  foreach(word IN LISTS arg_ARGUMENTS)
    string(APPEND words " [==[${word}]==]")
  endforeach()
  set(script ${CMAKE_CURRENT_BINARY_DIR}/${target}_discover.cmake)
  file(GENERATE OUTPUT ${script} CONTENT "\
set(program [==[$<TARGET_FILE:${target}>]==])
set(tests [==[${CMAKE_CURRENT_BINARY_DIR}/${target}_tests.cmake]==])
if(EXISTS \"\${program}\")
  execute_process(COMMAND \"\${program}\" --ctest \"\${tests}\"${words}
    RESULT_VARIABLE status ERROR_VARIABLE said OUTPUT_QUIET)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR \"the tests of ${target} cannot be listed: \${said}\")
  endif()
  include(\"\${tests}\")
else()
  add_test(${target}_is_not_built ${target}_is_not_built)
endif()
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${script})
endfunction()
