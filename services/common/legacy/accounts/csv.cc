#include "common/legacy/accounts/csv.h"

#include "common/base/text.h"

namespace tayori::legacy {
namespace {

class Parser {
  public:
    explicit Parser(std::string_view text) : text_(text) {}

    Result<std::vector<CsvRecord>> run() {
        std::vector<CsvRecord> records;
        while (at_ < text_.size()) {
            CsvRecord record;
            record.line = line_;
            for (;;) {
                auto field = read_field();
                if (!field) return fail(field.error());
                record.fields.push_back(std::move(*field));
                if (at_ < text_.size() && text_[at_] == ',') {
                    ++at_;
                    continue;
                }
                break;
            }
            end_line();
            if (record.fields.size() > 1 || !record.fields.front().empty())
                records.push_back(std::move(record));
        }
        return records;
    }

  private:
    bool at_line_end() const {
        return at_ >= text_.size() || text_[at_] == '\n' || text_.substr(at_, 2) == "\r\n";
    }
    void end_line() {
        if (at_ < text_.size() && text_[at_] == '\r') ++at_;
        if (at_ < text_.size()) ++at_;
        ++line_;
    }

    Result<std::string> read_field() {
        std::string out;
        if (at_ >= text_.size() || text_[at_] != '"') {
            while (!at_line_end() && text_[at_] != ',') out += text_[at_++];
            return out;
        }
        const auto begin = line_;
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] == '\n') ++line_;
            if (text_[at_] != '"') {
                out += text_[at_];
                continue;
            }
            if (text_.substr(at_, 2) == "\"\"") {
                out += '"';
                ++at_;
                continue;
            }
            ++at_;
            if (!at_line_end() && text_[at_] != ',')
                return fail(Kind::invalid, "There is text behind a closing quote.",
                            cat("line ", line_));
            return out;
        }
        return fail(Kind::invalid, "A quote is not closed.", cat("line ", begin));
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::uint64_t line_ = 1;
};

}  // namespace

Result<std::vector<CsvRecord>> parse_csv(std::string_view text) { return Parser(text).run(); }

std::string csv_field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"') out += '"';
        out += c;
    }
    return out += '"';
}

}  // namespace tayori::legacy
