// What adminctl's exit status means; `adminctl --help` says the same.
#pragma once

namespace tayori::admin {

enum class ExitStatus : int {
    ok = 0,
    refused = 1,       // spoold said no, and why
    usage = 2,         // the command line was not understood
    unreachable = 3,   // spoold does not answer
    problems = 4,      // a verification found something
    try_again = 5,     // spoold is there, and in temporary trouble
    settings = 78,     // tayori.toml is wrong (EX_CONFIG, as with the other programs)
};

inline constexpr const char* kExitStatusHelp =
    "Exit status: 0 done; 1 refused, the reason is on standard error; 2 the command line was not understood;\n"
    "3 spoold can't be reached; 4 a verification found problems; 5 temporary trouble, try again;\n"
    "78 the settings are wrong.";

}  // namespace tayori::admin
