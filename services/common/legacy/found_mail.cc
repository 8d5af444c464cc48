#include "common/legacy/found_mail.h"

#include "common/base/text.h"

namespace tayori::legacy {

std::optional<FoundMail> open_mail(const Tree& tree, const Entry& entry, std::string_view kind,
                                   Stuffing stuffing, AccountReport& report) {
    auto head = read_head(tree, entry.path, entry.bytes);
    if (!head) {
        report.add(Severity::refused, entry.path, "mail-unreadable", {head.error().text});
        return std::nullopt;
    }
    switch (head->state) {
        case HeadState::empty:
            report.add(Severity::refused, entry.path, "mail-empty", {cat(entry.bytes)});
            return std::nullopt;
        case HeadState::obfuscated:
            report.add(Severity::refused, entry.path, "mail-obfuscated");
            return std::nullopt;
        case HeadState::cut_off:
            report.add(Severity::person, entry.path, "mail-half-written", {cat(entry.bytes)});
            break;
        case HeadState::no_header:
            report.add(Severity::person, entry.path, "mail-no-header");
            break;
        case HeadState::whole:
            break;
    }
    FoundMail found;
    found.mail.file = entry.path;
    found.mail.bytes = entry.bytes;
    if (stuffing == Stuffing::looked_for && head->maybe_stuffed)
        found.mail.wrapping = Wrapping::dot_stuffed;
    choose_internal_date(found.mail, entry.mtime_s, *head);
    found.mail.identity = cat(kind, ':', head->b_id, ':', head->fingerprint);
    // A mail that was being written counts as another one when it is whole.
    if (head->state == HeadState::cut_off) append(found.mail.identity, ':', entry.bytes);
    found.head = std::move(*head);
    return found;
}

void Tally::add(const Mail& mail) {
    ++dates_[static_cast<std::size_t>(mail.date_source)];
    if (mail.wrapping == Wrapping::dot_stuffed) ++stuffed_;
}

void Tally::tell(std::string_view path, AccountReport& report) const {
    const auto of = [&](DateSource source) { return dates_[static_cast<std::size_t>(source)]; };
    const auto guessed = of(DateSource::mtime) + of(DateSource::received) +
                         of(DateSource::date_field) + of(DateSource::none);
    if (guessed != 0)
        report.add(Severity::note, path, "dates",
                   {cat(guessed), cat(of(DateSource::mtime)), cat(of(DateSource::received)),
                    cat(of(DateSource::date_field)), cat(of(DateSource::none))});
    if (stuffed_ != 0) report.add(Severity::changed, path, "dot-stuffed", {cat(stuffed_)});
}

}  // namespace tayori::legacy
