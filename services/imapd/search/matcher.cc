#include "imapd/search/matcher.h"

#include "common/base/text.h"
#include "common/mail/body_text.h"
#include "common/mail/date.h"
#include "common/mail/header.h"
#include "imapd/commands/numbers.h"

namespace tayori::imap {
namespace {

using Op = SearchKey::Op;

Truth to_truth(bool is) { return is ? Truth::yes : Truth::no; }

Truth all_of(const std::vector<SearchKey>& keys, const Candidate& candidate) {
    Truth outcome = Truth::yes;
    for (const auto& key : keys) {
        const auto truth = matches(key, candidate);
        if (truth == Truth::no) return Truth::no;
        if (truth == Truth::unknown) outcome = Truth::unknown;
    }
    return outcome;
}

Truth any_of(const std::vector<SearchKey>& keys, const Candidate& candidate) {
    Truth outcome = Truth::no;
    for (const auto& key : keys) {
        const auto truth = matches(key, candidate);
        if (truth == Truth::yes) return Truth::yes;
        if (truth == Truth::unknown) outcome = Truth::unknown;
    }
    return outcome;
}

bool has_keyword(const Candidate& candidate, std::string_view name) {
    const auto& state = candidate.view->state();
    for (const auto id : state.keywords(candidate.row->keywords)) {
        if (equals_ignoring_case(state.keyword_name(id), name)) return true;
    }
    return false;
}

// "Disregarding time and timezone" (RFC 3501 §6.4.4): the day as the date itself shows it.
Truth compare_day(const SearchKey& key, std::int64_t day) {
    if (key.op == Op::before || key.op == Op::sent_before) return to_truth(day < key.day);
    if (key.op == Op::on || key.op == Op::sent_on) return to_truth(day == key.day);
    return to_truth(day >= key.day);
}

Truth compare_sent(const SearchKey& key, const Candidate& candidate) {
    if (!candidate.header) return Truth::unknown;
    const auto field = mail::find_field(*candidate.header, "Date");
    const auto date = field ? mail::parse_mail_date(*field) : std::nullopt;
    if (!date) return Truth::no;
    return compare_day(key, date->local_day());
}

Truth search_text(const SearchKey& key, const Candidate& candidate) {
    if (key.value.empty()) return Truth::yes;  // every message contains the empty string
    if (key.op == Op::text && candidate.header &&
        mail::header_contains(*candidate.header, key.value))
        return Truth::yes;
    if (candidate.text == nullptr) return Truth::unknown;
    return to_truth(candidate.text->contains(key));
}

}  // namespace

Truth matches(const SearchKey& key, const Candidate& candidate) {
    const Row& row = *candidate.row;
    switch (key.op) {
        case Op::all_of:
            return all_of(key.keys, candidate);
        case Op::any_of:
            return any_of(key.keys, candidate);
        case Op::none_of: {
            const auto any = any_of(key.keys, candidate);
            if (any == Truth::unknown) return Truth::unknown;
            return to_truth(any == Truth::no);
        }
        case Op::everything:
            return Truth::yes;
        case Op::sequence:
            return to_truth(contains(key.numbers, candidate.number));
        case Op::uid:
            return to_truth(contains(key.numbers, row.uid));
        case Op::has_flags:
            return to_truth((row.flags & key.flags) == key.flags);
        case Op::keyword:
            return to_truth(has_keyword(candidate, key.value));
        case Op::recent:
            return to_truth(candidate.view->is_recent(row.uid));
        case Op::before:
        case Op::on:
        case Op::since:
            return compare_day(key,
                               mail::MailDate{row.internal_date_s, row.zone_minutes}.local_day());
        case Op::sent_before:
        case Op::sent_on:
        case Op::sent_since:
            return compare_sent(key, candidate);
        case Op::larger:
            return to_truth(row.bytes > key.number);
        case Op::smaller:
            return to_truth(row.bytes < key.number);
        case Op::modseq:
            return to_truth(row.modseq >= key.number);
        case Op::field:
            if (!candidate.header) return Truth::unknown;
            return to_truth(mail::field_contains(*candidate.header, key.name, key.value));
        case Op::body:
        case Op::text:
            return search_text(key, candidate);
    }
    return Truth::no;
}

Result<void> bind_numbers(SearchKey& key, const FolderView& view) {
    if (key.op == Op::uid) key.numbers = key.set.resolve(view.numbers().last_uid());
    if (key.op == Op::sequence) {
        auto numbers = resolve(view, key.set, Numbers::sequence);
        if (!numbers) return fail(std::move(numbers.error()));
        key.numbers = std::move(*numbers);
    }
    for (auto& inner : key.keys) {
        if (auto bound = bind_numbers(inner, view); !bound) return bound;
    }
    return {};
}

void collect_text_keys(const SearchKey& key, std::vector<const SearchKey*>& out) {
    if (key.op == Op::body || key.op == Op::text) out.push_back(&key);
    for (const auto& inner : key.keys) collect_text_keys(inner, out);
}

}  // namespace tayori::imap
