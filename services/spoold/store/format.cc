#include "spoold/store/format.h"

#include <algorithm>
#include <charconv>

#include "common/base/log.h"
#include "common/base/text.h"

namespace tayori::store {
namespace {

constexpr std::string_view kPreamble = "tayori-store ";

// The version in the text, or 0.
std::uint32_t parse(std::string_view text) {
    if (!text.starts_with(kPreamble)) return 0;
    text.remove_prefix(kPreamble.size());
    std::uint32_t version = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), version);
    return code == std::errc() && end < text.data() + text.size() && *end == '\n' ? version : 0;
}

Result<void> write_version(Files& files, const std::string& path, std::uint32_t version) {
    return replace_file(files, path, cat(kPreamble, version, "\n"));
}

}  // namespace

Result<void> settle_format(Files& files, const std::string& directory, std::uint32_t current,
                           const std::vector<Migration>& migrations) {
    const auto path = cat(directory, "/format");
    auto text = read_whole_file(files, path);
    if (!text && text.error().kind != Kind::not_found) return fail(text.error());
    if (!text) {
        // The format is the first thing written: a directory that has data but no format is not ours, or damaged.
        if (files.info(cat(directory, "/log"))) {
            return fail(Kind::corrupt, "Stored data is damaged.", cat(path, " is missing"));
        }
        return write_version(files, path, current);
    }
    auto version = parse(*text);
    if (version == 0) return fail(Kind::corrupt, "Stored data is damaged.", cat(path, " can't be read"));
    if (version > current) {
        return fail(Kind::unsupported, "The store was written by a newer version.",
                    cat(directory, " has format ", version, "; this program knows up to ", current,
                        ". Use the newer program, or restore a backup made by this one."));
    }
    while (version < current) {
        const auto step = std::find_if(migrations.begin(), migrations.end(),
                                       [&](const Migration& m) { return m.from == version; });
        if (step == migrations.end()) {
            return fail(Kind::unsupported, "The store is too old.",
                        cat(directory, " has format ", version, ", from which there is no migration"));
        }
        log_info("store: the format is migrated", {{"from", version}, {"to", version + 1}});
        if (auto done = step->run(files, directory); !done) return done;
        ++version;
        if (auto done = write_version(files, path, version); !done) return done;
    }
    return {};
}

Result<void> write_format(Files& files, const std::string& directory, std::uint32_t version) {
    return write_version(files, cat(directory, "/format"), version);
}

const std::vector<Migration>& migrations() {
    static const std::vector<Migration> none;
    return none;
}

}  // namespace tayori::store
