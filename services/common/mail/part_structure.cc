// BODYSTRUCTURE read back (part_info.h). It is our own text (part_shape.cc), but it is read as if it were not: what makes no sense ends
// the reading.
#include <algorithm>
#include <charconv>

#include "common/base/text.h"
#include "common/mail/limits.h"
#include "common/mail/params.h"
#include "common/mail/part_info.h"

namespace tayori::mail {
namespace {

class StructureReader {
  public:
    explicit StructureReader(std::string_view text) : rest_(text) {}

    std::vector<PartInfo> run() {
        read_part(0);
        return std::move(infos_);
    }

  private:
    bool take(char c) {
        while (rest_.starts_with(' ')) rest_.remove_prefix(1);
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    bool at(char c) {
        while (rest_.starts_with(' ')) rest_.remove_prefix(1);
        return rest_.starts_with(c);
    }
    bool stop() {
        rest_ = {};
        return false;
    }

    // A quoted string, a literal, or an atom such as NIL or a number.
    bool string(std::string& out) {
        out.clear();
        if (take('"')) {
            while (!rest_.empty() && rest_.front() != '"') {
                if (rest_.front() == '\\') rest_.remove_prefix(1);
                if (rest_.empty()) return stop();
                out += rest_.front();
                rest_.remove_prefix(1);
            }
            return take('"') || stop();
        }
        if (take('{')) return literal(out);
        const auto n = std::min(rest_.find_first_of(" ()"), rest_.size());
        if (n == 0) return stop();
        out = rest_.substr(0, n);
        rest_.remove_prefix(n);
        if (out == "NIL") out.clear();
        return true;
    }
    bool literal(std::string& out) {
        std::size_t bytes = 0;
        const auto parsed = std::from_chars(rest_.data(), rest_.data() + rest_.size(), bytes);
        rest_.remove_prefix(static_cast<std::size_t>(parsed.ptr - rest_.data()));
        if (parsed.ec != std::errc() || !rest_.starts_with("}\r\n") || rest_.size() - 3 < bytes) return stop();
        out = rest_.substr(3, bytes);
        rest_.remove_prefix(3 + bytes);
        return true;
    }
    // Anything: a string, or a list with all that is in it.
    bool skip() {
        std::string ignored;
        if (!at('(')) return string(ignored);
        std::size_t depth = 0;
        do {
            if (take('(')) ++depth;
            else if (take(')')) --depth;
            else if (!string(ignored)) return false;
        } while (depth > 0 && !rest_.empty());
        return depth == 0 || stop();
    }
    bool params(std::vector<Param>& out) {
        if (!take('(')) return skip();
        while (!at(')')) {
            Param param;
            if (!string(param.name) || !string(param.value)) return false;
            param.name = to_lower(param.name);
            out.push_back(std::move(param));
        }
        return take(')');
    }

    // The rest of a part behind the fields that only its kind has: md5 or parameters, disposition, language, location.
    bool disposition(PartInfo& info) {
        if (!at('(')) return skip();
        std::vector<Param> list;
        if (!take('(') || !string(info.disposition) || !params(list) || !take(')')) return stop();
        info.disposition = to_lower(info.disposition);
        info.name = decode_file_name(list, "filename");
        return true;
    }
    bool end_of_part() {
        while (!rest_.empty() && !at(')'))
            if (!skip()) return false;
        return take(')');
    }

    bool read_part(std::size_t depth) {
        if (depth > kMimeDepthMax || infos_.size() > kMimePartsMax || !take('(')) return stop();
        const auto index = infos_.size();
        infos_.emplace_back();
        return at('(') ? read_multipart(index, depth) : read_leaf(index, depth);
    }
    bool read_multipart(std::size_t index, std::size_t depth) {
        while (at('('))
            if (!read_part(depth + 1)) return false;
        std::string subtype;
        if (!string(subtype)) return false;
        infos_[index].type = cat("multipart/", to_lower(subtype));
        return end_of_part();
    }
    bool read_leaf(std::size_t index, std::size_t depth) {
        PartInfo info;
        std::string type, subtype;
        std::vector<Param> list;
        if (!string(type) || !string(subtype) || !params(list)) return false;
        info.type = to_lower(cat(type, '/', subtype));
        const bool is_message = info.type == "message/rfc822";
        infos_[index] = info;
        for (int i = 0; i < 4; ++i)  // id, description, encoding, octets
            if (!skip()) return false;
        // An envelope, a structure and lines; text has lines only.
        if (is_message && (!skip() || !read_part(depth + 1) || !skip())) return false;
        if (info.type.starts_with("text/") && !skip()) return false;
        if (!at(')') && skip() && !at(')')) disposition(info);  // behind the md5
        if (info.name.empty()) info.name = decode_file_name(list, "name");
        infos_[index] = std::move(info);
        return end_of_part();
    }

    std::string_view rest_;
    std::vector<PartInfo> infos_;
};

}  // namespace

std::vector<PartInfo> part_infos_of(std::string_view bodystructure) { return StructureReader(bodystructure).run(); }

}  // namespace tayori::mail
