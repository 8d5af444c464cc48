#include "common/legacy/maildir/lists.h"

#include "common/legacy/spool/lines.h"

namespace tayori::legacy::maildir {
namespace {

void say_damaged(const Error& error, const std::string& file, const Reading& reading) {
    reading.say(Severity::person, error.kind == Kind::unsupported ? "list-version-unknown" : "list-header-damaged", file, {}, 1);
}

std::optional<UidList> read_uidlist(const std::string& file, const Reading& reading) {
    const auto text = reading.text(file, kUidListBytesMax);
    if (!text) return std::nullopt;
    auto list = parse_uidlist(*text);
    if (!list) {
        say_damaged(list.error(), file, reading);
        return std::nullopt;
    }
    say_bad_lines(file, list->bad_lines, list->bad, reading);
    return std::move(*list);
}

// Courier's list of UIDLs counts where it is the only one, or was written after Dovecot's.
std::optional<SizeList> read_sizelist(const FolderPlace& place, const Lists& lists, const Reading& reading) {
    const auto file = join_path(place.directory, "courierpop3dsizelist");
    const auto here = reading.tree.stat(file);
    if (!here) return std::nullopt;
    const auto uids = reading.tree.stat(lists.uids_file);
    if (lists.from_dovecot && uids && uids->mtime_s >= here->mtime_s) {
        reading.say(Severity::note, "list-older", file, {lists.uids_file});
        return std::nullopt;
    }
    const auto text = reading.text(file, kUidListBytesMax);
    if (!text) return std::nullopt;
    auto list = parse_sizelist(*text);
    if (!list) {
        say_damaged(list.error(), file, reading);
        return std::nullopt;
    }
    say_bad_lines(file, list->bad_lines, list->bad, reading);
    return std::move(*list);
}

}  // namespace

void say_bad_lines(const std::string& file, const std::vector<std::uint64_t>& lines, std::uint64_t bad, const Reading& reading) {
    for (const auto line : lines) reading.say(Severity::person, "list-line-damaged", file, {}, line);
    if (bad > lines.size()) reading.say(Severity::person, "list-lines-damaged", file, {std::to_string(bad)});
}

Lists read_lists(const FolderPlace& place, const Reading& reading) {
    Lists lists;
    lists.uids_file = join_path(place.directory, "dovecot-uidlist");
    lists.uids = read_uidlist(lists.uids_file, reading);
    lists.from_dovecot = lists.uids.has_value();
    if (!lists.uids) {
        lists.uids_file = join_path(place.directory, "courierimapuiddb");
        lists.uids = read_uidlist(lists.uids_file, reading);
    }
    lists.lost = !lists.uids && (reading.tree.stat(join_path(place.directory, "dovecot-uidlist")) || reading.tree.stat(lists.uids_file));
    if (place.inbox) lists.sizes = read_sizelist(place, lists, reading);
    return lists;
}

}  // namespace tayori::legacy::maildir
