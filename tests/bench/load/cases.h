// One function a case; each prints its result. Throws what a connection throws.
#pragma once

#include "options.h"

namespace tayori::bench {

void smtp_case(const Options& options);    // --conns --count --users --recipients --mix=4k|64k --wait-visible
void login_case(const Options& options);   // --conns --count --users --select
void append_case(const Options& options);  // --conns --count --first-user --same-user --depth --mix
void fetch_case(const Options& options);   // --first-user --repeat: a big mailbox, whole-folder commands
void pop3_case(const Options& options);    // --conns --first-user --depth

}  // namespace tayori::bench
