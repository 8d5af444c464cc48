# One place for the language, warnings, sanitizers, ccache and the linker.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Dev: quick to compile, still with tail calls and inlining that coroutines like.
set(CMAKE_CXX_FLAGS_DEV "-O1 -g1")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")

add_library(tayori_options INTERFACE)
target_compile_options(tayori_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 reports these falsely for coroutines and inlined std::string code.
  target_compile_options(tayori_options INTERFACE
    -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-dangling-pointer)
  if(TAYORI_UNITY)
    # An included source is no header: its coroutine frames may hold what is local to it.
    target_compile_options(tayori_options INTERFACE -Wno-subobject-linkage)
  endif()
endif()

if(TAYORI_SANITIZE)
  add_compile_options(-fsanitize=${TAYORI_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${TAYORI_SANITIZE})
endif()
if(TAYORI_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

add_link_options(-Wl,--as-needed)  # the daemons speak gRPC without its library

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)  # so that ccache sees what a precompiled header stands for
  endif()
endif()
find_program(MOLD mold)
if(MOLD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_link_options(-fuse-ld=mold)
endif()
