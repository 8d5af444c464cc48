# tayori_library(NAME LINK ...): every *.cc of the current folder (less main.cc) as library tayori_NAME.
function(tayori_library name)
  cmake_parse_arguments(ARG "RECURSE" "" "LINK" ${ARGN})
  if(ARG_RECURSE)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS *.cc)
  else()
    file(GLOB sources CONFIGURE_DEPENDS *.cc)
  endif()
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  add_library(tayori_${name} STATIC ${sources})
  target_include_directories(tayori_${name} PUBLIC ${PROJECT_SOURCE_DIR}/services)
  target_link_libraries(tayori_${name} PUBLIC ${ARG_LINK} PRIVATE tayori_options)
endfunction()

# tayori_program(NAME LINK ...): the folder as library tayori_NAME_lib, and main.cc over it. A program is a
# library plus main.cc, so that tests link the library.
function(tayori_program name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  tayori_library(${name}_lib RECURSE LINK ${ARG_LINK})
  add_executable(${name} main.cc)
  target_link_libraries(${name} PRIVATE tayori_${name}_lib tayori_options)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()

# tayori_unit_test(NAME LINK ...): every *_test.cc of the current folder as one GoogleTest program.
function(tayori_unit_test name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  add_executable(unit_${name} ${sources})
  target_link_libraries(unit_${name} PRIVATE ${ARG_LINK} tayori_options GTest::gmock GTest::gtest_main)
  set_target_properties(unit_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  add_test(NAME unit_${name} COMMAND unit_${name})
endfunction()
