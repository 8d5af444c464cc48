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

# tayori_precompile(TARGET KIND ...): what nearly every file of the target includes is parsed once. Only headers that do not
# change with our own source: what protoc made, and other people's. A kind includes the ones before it.
set(TAYORI_STD_HEADERS <algorithm> <chrono> <functional> <map> <memory> <mutex> <optional> <string> <string_view> <vector>
    <tl/expected.hpp>)
function(tayori_precompile target kind)
  if(TAYORI_FUZZ)
    return()
  endif()
  set(headers ${TAYORI_STD_HEADERS})
  if(kind MATCHES "^(messages|daemon|services|admin)$")
    list(APPEND headers <tayori/spool/v1/stream.pb.h>)
  endif()
  if(kind STREQUAL "services")
    list(APPEND headers <grpcpp/grpcpp.h> <tayori/spool/v1/stream.grpc.pb.h> <tayori/spool/v1/admin.grpc.pb.h>)
  endif()
  if(kind STREQUAL "admin")
    list(APPEND headers <CLI/CLI.hpp> <tayori/spool/v1/admin.pb.h> <tayori/spool/v1/directory.pb.h>)
  endif()
  target_precompile_headers(${target} PRIVATE ${headers})
  if(kind STREQUAL "daemon" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Falsely reported for std::string in coroutines: a precompiled header forgets that it is a system header.
    target_compile_options(${target} PRIVATE -Wno-array-bounds)
  endif()
endfunction()

# tayori_unit_test(NAME LINK ...): every *_test.cc of the current folder as one GoogleTest program.
function(tayori_unit_test name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  add_executable(unit_${name} ${sources})
  target_link_libraries(unit_${name} PRIVATE ${ARG_LINK} tayori_options GTest::gmock GTest::gtest_main)
  if(NOT TAYORI_FUZZ)
    target_precompile_headers(unit_${name} PRIVATE ${TAYORI_STD_HEADERS} <gmock/gmock.h> <gtest/gtest.h>)
    target_compile_options(unit_${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds>)  # as above
  endif()
  set_target_properties(unit_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
  add_test(NAME unit_${name} COMMAND unit_${name})
endfunction()
