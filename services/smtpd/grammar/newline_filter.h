// Line ends of text that comes by BDAT, where nothing marks the end but the count: the same policy as for DATA, since
// the mail may later go out by DATA to a server that takes a bare LF for a line end.
#pragma once

#include <string>
#include <string_view>

#include "smtpd/grammar/data_reader.h"

namespace tayori::smtp {

class NewlineFilter {
  public:
    explicit NewlineFilter(BareNewline policy) : policy_(policy) {}
    void feed(std::string_view input, std::string& out);
    void finish(std::string& out);  // the last chunk has come
    bool refused() const { return refused_; }

  private:
    void stray(std::string_view instead, std::string& out);

    BareNewline policy_;
    bool after_cr_ = false;
    bool refused_ = false;
};

}  // namespace tayori::smtp
