#include "adminctl/counters_file.h"

#include <charconv>
#include <vector>

#include "common/base/text.h"
#include "common/legacy/pmail/forms.h"
#include "common/legacy/tab_fields.h"

namespace tayori::admin {
namespace {

constexpr std::string_view kName = "#tayori-counters\t";
constexpr std::string_view kHead = "#tayori-counters\t1";
constexpr std::string_view kEnd = "#end\t";
constexpr std::size_t kFolderFields = 7;
constexpr std::size_t kSiteFields = 3;

using Site = v1::RaiseCountersRequest;
struct SiteLine {
    std::string_view name;
    std::uint64_t (Site::*get)() const;
    void (Site::*set)(std::uint64_t);
};
constexpr SiteLine kSiteLines[] = {{"message", &Site::next_message_id, &Site::set_next_message_id},
                                   {"folder", &Site::next_folder_id, &Site::set_next_folder_id},
                                   {"account", &Site::next_account_id, &Site::set_next_account_id},
                                   {"queue", &Site::next_queue_id, &Site::set_next_queue_id}};

std::vector<std::string_view> fields_of(std::string_view line) {
    std::vector<std::string_view> fields;
    for (;;) {
        const auto tab = line.find('\t');
        fields.push_back(line.substr(0, tab));
        if (tab == std::string_view::npos) return fields;
        line.remove_prefix(tab + 1);
    }
}

class Parser {
  public:
    Result<Site> run(std::string_view content) {
        bool ended = false;
        while (!content.empty()) {
            ++line_;
            auto text = content.substr(0, content.find('\n'));
            content.remove_prefix(std::min(text.size() + 1, content.size()));
            if (text.ends_with('\r')) text.remove_suffix(1);
            if (ended) return wrong("something stands behind the line #end");
            auto done = take(text, ended);
            if (!done) return fail(std::move(done.error()));
        }
        if (!ended) return fail(Kind::invalid, "The file has no line #end: it was cut off, make the export anew.");
        return std::move(request_);
    }

  private:
    tl::unexpected<Error> wrong(std::string_view why) const {
        return fail(Kind::invalid, cat("Line ", line_, ": ", why, "."));
    }
    Result<void> take(std::string_view text, bool& ended) {
        if (line_ == 1) {
            if (text != kHead) return wrong(cat("the version is another one; here \"", kHead, "\" is read"));
            return {};
        }
        if (text.starts_with(kEnd)) {
            auto count = number<std::uint64_t>(text.substr(kEnd.size()), "count of lines");
            if (!count) return fail(std::move(count.error()));
            if (*count != lines_) return wrong(cat("it says ", *count, " lines, and there are ", lines_));
            ended = true;
            return {};
        }
        ++lines_;
        const auto fields = fields_of(text);
        if (fields[0] == "F" && fields.size() == kFolderFields) return folder(fields);
        if (fields[0] == "S" && fields.size() == kSiteFields) return site(fields);
        return wrong(cat("\"", text, "\" is neither a line F of ", kFolderFields, " fields nor a line S of ", kSiteFields));
    }
    template <class N>
    Result<N> number(std::string_view text, std::string_view what) const {
        N n = 0;
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), n);
        if (code == std::errc() && end == text.data() + text.size()) return n;
        return wrong(cat("the ", what, " \"", text, "\" is no number that it can be"));
    }
    Result<void> folder(const std::vector<std::string_view>& fields) {
        const auto address = legacy::unescape_field(fields[1]);
        const auto name = legacy::unescape_field(fields[6]);
        if (!address || !name || address->empty() || name->empty()) return wrong("the address or the folder can't be read");
        const auto id = number<std::uint64_t>(fields[2], "folder id");
        if (!id) return fail(id.error());
        const auto uid_validity = number<std::uint32_t>(fields[3], "UIDVALIDITY");
        if (!uid_validity) return fail(uid_validity.error());
        const auto uid_next = number<std::uint32_t>(fields[4], "UIDNEXT");
        if (!uid_next) return fail(uid_next.error());
        const auto modseq = number<std::uint64_t>(fields[5], "modseq");
        if (!modseq) return fail(modseq.error());
        if (*uid_validity == 0 || *uid_next == 0) return wrong("UIDVALIDITY and UIDNEXT begin with 1");
        auto& to = *request_.add_folders();
        to.set_address(*address);
        to.set_folder(*name);
        to.set_folder_id(*id);
        to.set_uid_validity(*uid_validity);
        to.set_uid_next(*uid_next);
        to.set_highest_modseq(*modseq);
        return {};
    }
    Result<void> site(const std::vector<std::string_view>& fields) {
        for (const auto& line : kSiteLines) {
            if (line.name != fields[1]) continue;
            if ((request_.*line.get)() != 0) return wrong(cat("the counter ", line.name, " stands there twice"));
            const auto next = number<std::uint64_t>(fields[2], "counter");
            if (!next) return fail(next.error());
            if (*next == 0) return wrong("counters begin with 1");
            (request_.*line.set)(*next);
            return {};
        }
        return wrong(cat("\"", fields[1], "\" is no counter: message, folder, account and queue are"));
    }

    Site request_;
    std::uint64_t line_ = 0;
    std::uint64_t lines_ = 0;
};

std::string site_line(std::string_view name, std::uint64_t next) { return cat("S\t", name, '\t', next, '\n'); }

}  // namespace

std::string counters_file_head() { return cat(kHead, '\n'); }

std::string counters_line(const v1::FolderCounters& folder) {
    return cat("F\t", legacy::escape_field(folder.address()), '\t', folder.folder_id(), '\t', folder.uid_validity(), '\t',
               folder.uid_next(), '\t', folder.highest_modseq(), '\t', legacy::escape_field(folder.folder()), '\n');
}

std::string counters_file_end(const v1::Counters& site, std::uint64_t folders) {
    return cat(site_line("message", site.next_message_id()), site_line("folder", site.next_folder_id()),
               site_line("account", site.next_account_id()), site_line("queue", site.next_queue_id()), kEnd,
               folders + std::size(kSiteLines), '\n');
}

Result<v1::RaiseCountersRequest> parse_counters_file(std::string_view name, std::string_view content) {
    if (content.starts_with(kName)) return Parser().run(content);
    const auto base = to_lower(name.substr(name.find_last_of('/') + 1));
    if (base != "imap4.cnt" && base != "imap4folder.cnt") {
        return fail(Kind::invalid, "It is neither an export of counters, which begins with \"#tayori-counters\", nor a file "
                                   "named imap4.cnt or imap4folder.cnt of an old server.");
    }
    const auto next = legacy::pmail::parse_counter_file(content);
    if (!next) return fail(next.error());
    v1::RaiseCountersRequest request;
    if (base == "imap4.cnt") request.set_next_message_id(*next);
    else request.set_next_folder_id(*next);
    return request;
}

}  // namespace tayori::admin
