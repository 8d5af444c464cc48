#include "spoold/backup/s3/xml.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/base/text.h"
#include "common/mail/utf8.h"

namespace tayori::spool::s3 {
namespace {

constexpr std::size_t kXmlDepthMax = 16;
constexpr std::size_t kXmlNameBytesMax = 128;
constexpr std::size_t kEntityBytesMax = 10;  // "&#x10FFFF;"
constexpr std::string_view kXmlBlanks = " \t\r\n";

// What stands between "&" and ";".
bool append_entity(std::string& out, std::string_view name) {
    if (name.starts_with('#')) {
        const bool hex = name.starts_with("#x");
        const auto digits = name.substr(hex ? 2 : 1);
        std::uint32_t code = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
        const bool character = code > 0 && code < 0x110000 && (code < 0xD800 || code >= 0xE000);
        if (error != std::errc() || end != digits.data() + digits.size() || !character) return false;
        mail::append_utf8(out, code);
        return true;
    }
    constexpr std::pair<std::string_view, char> kKnown[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    for (const auto& [known, character] : kKnown) {
        if (known != name) continue;
        out += character;
        return true;
    }
    return false;
}

class XmlReader {
  public:
    XmlReader(std::string_view text, const SeeElement& see) : rest_(text), see_(see) {}

    Result<void> run() {
        constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
        if (rest_.starts_with(kByteOrderMark)) rest_.remove_prefix(kByteOrderMark.size());
        while (!rest_.empty()) {
            if (!(rest_.front() == '<' ? markup() : characters())) return wrong();
        }
        return open_.empty() && rooted_ ? Result<void>() : wrong();
    }

  private:
    struct Open {
        std::size_t path_bytes;  // of what is around it
        std::string text;
    };

    static tl::unexpected<Error> wrong() {
        return fail(Kind::corrupt, "The answer of S3 makes no sense.", "its XML is not well-formed");
    }
    // Up to behind `end`; false where there is none.
    bool take_to(std::string_view end, std::string_view& taken) {
        const auto at = rest_.find(end);
        if (at == std::string_view::npos) return false;
        taken = rest_.substr(0, at);
        rest_.remove_prefix(at + end.size());
        return true;
    }

    bool characters() {
        const auto end = std::min(rest_.find('<'), rest_.size());
        auto text = rest_.substr(0, end);
        rest_.remove_prefix(end);
        if (open_.empty()) return text.find_first_not_of(kXmlBlanks) == std::string_view::npos;
        auto& to = open_.back().text;
        while (!text.empty()) {
            const auto and_sign = std::min(text.find('&'), text.size());
            to += text.substr(0, and_sign);
            text.remove_prefix(and_sign);
            if (text.empty()) break;
            const auto semicolon = text.substr(0, kEntityBytesMax).find(';');
            if (semicolon == std::string_view::npos || !append_entity(to, text.substr(1, semicolon - 1))) return false;
            text.remove_prefix(semicolon + 1);
        }
        return true;
    }

    bool markup() {
        std::string_view inside;
        if (rest_.starts_with("<?")) return take_to("?>", inside);
        if (rest_.starts_with("<!--")) return rest_.remove_prefix(4), take_to("-->", inside);
        if (rest_.starts_with("<![CDATA[")) {
            rest_.remove_prefix(9);
            if (open_.empty() || !take_to("]]>", inside)) return false;
            open_.back().text += inside;
            return true;
        }
        if (rest_.starts_with("<!")) return false;
        if (rest_.starts_with("</")) {
            rest_.remove_prefix(2);
            return take_to(">", inside) && end(inside);
        }
        rest_.remove_prefix(1);
        return start();
    }

    static std::string_view local(std::string_view name) {
        const auto colon = name.find(':');
        return colon == std::string_view::npos ? name : name.substr(colon + 1);
    }

    bool start() {
        const auto size = std::min(rest_.find_first_of(" \t\r\n/><&\"'="), rest_.size());
        const auto name = local(rest_.substr(0, size));
        if (name.empty() || size > kXmlNameBytesMax || open_.size() >= kXmlDepthMax || (open_.empty() && rooted_)) return false;
        rest_.remove_prefix(size);
        char quote = 0;
        std::size_t at = 0;
        for (; at < rest_.size() && (quote != 0 || rest_[at] != '>'); ++at) {
            const char c = rest_[at];
            if (quote != 0) quote = c == quote ? '\0' : quote;
            else if (c == '"' || c == '\'') quote = c;
            else if (c == '<') return false;
        }
        if (at == rest_.size()) return false;
        const bool closed = at > 0 && rest_[at - 1] == '/';
        rest_.remove_prefix(at + 1);
        rooted_ = true;
        open_.push_back({path_.size(), {}});
        append(path_, path_.empty() ? "" : "/", name);
        return !closed || close();
    }

    bool end(std::string_view name) {
        while (!name.empty() && kXmlBlanks.find(name.back()) != std::string_view::npos) name.remove_suffix(1);
        if (open_.empty()) return false;
        const auto opened = std::string_view(path_).substr(open_.back().path_bytes);
        return local(name) == (opened.starts_with('/') ? opened.substr(1) : opened) && close();
    }

    bool close() {
        see_(path_, open_.back().text);
        path_.resize(open_.back().path_bytes);
        open_.pop_back();
        return true;
    }

    std::string_view rest_;
    const SeeElement& see_;
    std::string path_;
    std::vector<Open> open_;
    bool rooted_ = false;
};

}  // namespace

Result<void> read_xml(std::string_view text, const SeeElement& see) { return XmlReader(text, see).run(); }

}  // namespace tayori::spool::s3
