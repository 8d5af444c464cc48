#include "spoold/backup/manifest.h"

#include <algorithm>
#include <charconv>

#include "common/base/text.h"
#include "spoold/store/checksum.h"

namespace tayori::spool {
namespace {

constexpr std::string_view kPreamble = "tayori-backup ";
constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kNameDigits = 6;
constexpr std::size_t kHexDigits = 8;

std::string hex(std::uint32_t n) {
    char digits[kHexDigits + 1];
    const auto end = std::to_chars(digits, digits + kHexDigits, n, 16).ptr;
    std::string out(digits, end);
    return out.insert(0, kHexDigits - out.size(), '0');
}

tl::unexpected<Error> wrong(std::string detail) {
    return fail(Kind::corrupt, "The backup is damaged.", cat("manifest: ", detail));
}

// The words of a line.
class Words {
  public:
    explicit Words(std::string_view line) : rest_(line) {}
    std::string_view word() {
        const auto end = std::min(rest_.find(' '), rest_.size());
        const auto word = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        return word;
    }
    template <class N>
    N number(int base = 10) {
        const auto text = word();
        N n = 0;
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), n, base);
        ok_ = ok_ && code == std::errc() && end == text.data() + text.size();
        return n;
    }
    std::string_view rest() const { return rest_; }
    bool ok() const { return ok_; }

  private:
    std::string_view rest_;
    bool ok_ = true;
};

// A file of the store: no way out of the step's folder.
bool good_name(std::string_view name) {
    return (name.starts_with("log/") || name.starts_with("index/")) && name.find("..") == std::string_view::npos &&
           name.substr(name.find('/') + 1).find('/') == std::string_view::npos && name.back() != '/';
}

bool read_line(std::string_view line, Manifest& m) {
    Words words(line);
    const auto key = words.word();
    if (key == "number") m.number = words.number<std::uint64_t>();
    else if (key == "base") m.base = words.number<std::uint64_t>();
    else if (key == "after") m.after = words.number<std::uint32_t>(16);
    else if (key == "program") m.program = words.rest();
    else if (key == "account") m.account = words.rest();
    else if (key == "store_format") m.store_format = words.number<std::uint32_t>();
    else if (key == "index_ms") m.index_ms = words.number<std::int64_t>();
    else if (key == "until_ms") m.until_ms = words.number<std::int64_t>();
    else if (key == "until") {
        m.until.sequence = words.number<std::uint64_t>();
        m.until.checksum = words.number<std::uint32_t>(16);
        m.until.segment = words.number<std::uint64_t>();
        m.until.end = words.number<std::uint64_t>();
        m.until.position = words.number<std::uint64_t>();
    } else if (key == "file") {
        ManifestFile file;
        file.piece.from = words.number<std::uint64_t>();
        file.piece.to = words.number<std::uint64_t>();
        file.checksum = words.number<std::uint32_t>(16);
        file.piece.name = words.rest();
        if (!good_name(file.piece.name) || file.piece.from > file.piece.to) return false;
        m.files.push_back(std::move(file));
    } else {
        return false;
    }
    return words.ok();
}

}  // namespace

std::uint64_t Manifest::bytes() const {
    std::uint64_t sum = 0;
    for (const auto& file : files) sum += file.piece.to - file.piece.from;
    return sum;
}

std::string Manifest::encode() const {
    auto out = cat(kPreamble, kVersion, "\nnumber ", number, "\nbase ", base, "\nafter ", hex(after), "\nprogram ", program,
                   account.empty() ? "" : "\naccount ", account, "\nstore_format ", store_format, "\nindex_ms ", index_ms, "\nuntil_ms ", until_ms, "\nuntil ",
                   until.sequence, " ", hex(until.checksum), " ", until.segment, " ", until.end, " ", until.position, "\n");
    for (const auto& file : files) {
        append(out, "file ", file.piece.from, " ", file.piece.to, " ", hex(file.checksum), " ", file.piece.name, "\n");
    }
    append(out, "end ", hex(store::crc32c(out)), "\n");
    return out;
}

Result<Manifest> Manifest::decode(std::string_view text) {
    Manifest m;
    const auto whole = text;
    bool first = true;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) return wrong("it ends within a line");
        const auto line = text.substr(0, end);
        if (first) {
            Words version(line.substr(std::min(kPreamble.size(), line.size())));
            const auto number = version.number<std::uint64_t>();
            if (!line.starts_with(kPreamble) || !version.ok()) return wrong("this is none");
            if (number > kVersion) return fail(Kind::unsupported, "The backup was made by a newer version.");
            first = false;
        } else if (line.starts_with("end ")) {
            Words words(line.substr(4));
            const auto sum = words.number<std::uint32_t>(16);
            const auto above = whole.substr(0, static_cast<std::size_t>(line.data() - whole.data()));
            if (!words.ok() || sum != store::crc32c(above)) return wrong("its checksum is another one");
            if (end + 1 != text.size()) return wrong("something stands behind its end");
            if (m.number == 0 || m.base == 0 || m.base > m.number) return wrong("its numbers are missing");
            return m;
        } else if (!read_line(line, m)) {
            return wrong(cat("this line: ", line));
        }
        text.remove_prefix(end + 1);
    }
    return wrong("its end is missing");
}

std::uint32_t checksum_of(std::string_view manifest_text) { return store::crc32c(manifest_text); }

std::string step_name(std::uint64_t number) {
    auto digits = std::to_string(number);
    if (digits.size() < kNameDigits) digits.insert(0, kNameDigits - digits.size(), '0');
    return digits;
}

std::uint64_t step_number(std::string_view name) {
    std::uint64_t number = 0;
    const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool whole = code == std::errc() && end == name.data() + name.size();
    return whole && name == step_name(number) ? number : 0;
}

std::string place_of(std::uint64_t step, std::string_view file_name) { return cat(step_name(step), "/", file_name); }

}  // namespace tayori::spool
