// Another server's last words, and how long until something, for tables of mail that goes out.
#pragma once

#include <string>

#include "tayori/spool/v1/queue.pb.h"

namespace tayori::admin {

namespace v1 = ::tayori::spool::v1;

// "mx.example.net: 450 4.2.0 try later (rcpt)"; empty where nobody said anything.
std::string said_text(const v1::Said& said);
// "now", "in 4m", "in 3d 2h"; "-" for 0.
std::string show_wait(std::int64_t at_ms, std::int64_t now_ms);

}  // namespace tayori::admin
