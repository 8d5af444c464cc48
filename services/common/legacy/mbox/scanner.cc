#include "common/legacy/mbox/scanner.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/legacy/mbox/from_line.h"
#include "common/mail/header.h"

namespace tayori::legacy::mbox {
namespace {

constexpr std::size_t kPeekBytes = 1024;  // enough for a blank line and a From_ line
constexpr std::size_t kIdentityHashBytes = 16;

bool is_blank(std::string_view line) { return line.empty(); }

}  // namespace

void Scanner::feed(std::string_view block) {
    while (!block.empty() && state_ != State::not_mbox) {
        const auto end = block.find('\n');
        const auto part = block.substr(0, end);
        if (end == std::string_view::npos) {
            pending_.append(part.substr(0, kLineBytesKept - std::min(kLineBytesKept, pending_.size())));
            pending_bytes_ += part.size();
            return;
        }
        block.remove_prefix(end + 1);
        if (pending_bytes_ == 0) {
            take_line(part.substr(0, kLineBytesKept), part.size() + 1);
            continue;
        }
        pending_.append(part.substr(0, kLineBytesKept - std::min(kLineBytesKept, pending_.size())));
        take_line(pending_, pending_bytes_ + part.size() + 1);
        pending_.clear();
        pending_bytes_ = 0;
    }
}

void Scanner::take_line(std::string_view kept, std::uint64_t bytes) {
    Line line{kept, offset_, bytes, bytes <= kept.size() + 1};
    if (line.whole && kept.ends_with('\r')) line.head.remove_suffix(1);
    offset_ += bytes;
    process(line);
}

void Scanner::finish() {
    if (state_ == State::not_mbox) return;
    if (pending_bytes_ != 0) take_line(pending_, pending_bytes_);
    if (doubt_) saw_bare_from_ = true;
    if (state_ == State::header) end_header(offset_);
    if (state_ == State::text) end_mail(offset_ - blank_bytes_);
}

void Scanner::process(const Line& line) {
    if (state_ == State::before) {
        if (is_blank(line.head)) return;
        if (const auto date = parse_from_line(line.head)) begin({line.head, line.offset, line.bytes, true}, *date, false);
        else state_ = State::not_mbox;
        return;
    }
    if (state_ == State::header) {
        header_line(line);
        if (state_ == State::header || is_blank(line.head)) return;
    }
    if (doubt_) {
        const auto doubt = *std::exchange(doubt_, std::nullopt);
        if (mail::classify_header_line(line.head) == mail::HeaderLine::field) {
            end_mail(doubt.offset);
            begin({{}, doubt.offset, doubt.bytes, true}, doubt.date, true);
            header_line(line);
            return;
        }
        saw_bare_from_ = true;
    }
    if (is_blank(line.head)) {
        counts_blank_ = true;
        blank_bytes_ = line.offset < protected_until_ ? 0 : line.bytes;
        return;
    }
    if (line.head.starts_with("From ") && begins_mail(line)) return;
    if (line.head.front() == '>' && quotes_of_from(line.head) >= 2) saw_double_quotes_ = true;
    counts_blank_ = false;
    blank_bytes_ = 0;
}

bool Scanner::begins_mail(const Line& line) {
    const auto date = line.offset < protected_until_ ? std::nullopt : parse_from_line(line.head);
    if (!date) {
        saw_bare_from_ = true;
        return false;
    }
    if (!counts_blank_ && line.offset != protected_until_) {
        doubt_ = Doubt{line.offset, line.bytes, *date};
        return false;
    }
    end_mail(line.offset - blank_bytes_);
    begin(line, *date, false);
    return true;
}

void Scanner::begin(const Line& line, mail::MailDate date, bool without_blank_line) {
    mail_ = {};
    mail_.offset = line.offset;
    mail_.from_date = date;
    mail_.without_blank_line = without_blank_line;
    began_ = true;
    state_ = State::header;
    field_.clear();
    hashed_.clear();
    counts_blank_ = false;
    blank_bytes_ = 0;
    protected_until_ = 0;
}

void Scanner::header_line(const Line& line) {
    if (is_blank(line.head)) {
        end_header(line.offset + line.bytes);
        counts_blank_ = true;  // it parts nothing; but where a From_ line follows at once, the text is empty
        return;
    }
    const auto kind = mail::classify_header_line(line.head);
    if (kind == mail::HeaderLine::field) {
        finish_field();
        field_ = line.head;
    } else if (kind == mail::HeaderLine::continuation || line.head.starts_with(">From ")) {
        if (field_.size() < kLineBytesKept) append(field_, '\n', line.head);
    } else {
        end_header(line.offset);
    }
}

void Scanner::finish_field() {
    const auto field = std::exchange(field_, {});
    const auto colon = field.find(':');
    if (colon == std::string::npos) return;
    const auto name = trim(std::string_view(field).substr(0, colon));
    const auto value = mail::unfold(std::string_view(field).substr(colon + 1));
    if (!mail_.bookkeeping.take(name, value) && hashed_.size() < kHeaderBytesHashed) append(hashed_, field, '\n');
}

void Scanner::end_header(std::uint64_t text_offset) {
    finish_field();
    state_ = State::text;
    text_offset_ = text_offset;
    counts_blank_ = false;
    blank_bytes_ = 0;
    const auto& book = mail_.bookkeeping;
    const auto left = settings_.file_bytes > text_offset ? settings_.file_bytes - text_offset : 0;
    if (!settings_.trusts_content_length || !book.has_content_length || book.content_length > left) return;
    const auto end = text_offset + book.content_length;
    if (leads_to_a_mail(end)) protected_until_ = end;
}

bool Scanner::leads_to_a_mail(std::uint64_t offset) const {
    if (!settings_.peek) return false;
    const auto bytes = settings_.peek(offset, kPeekBytes);
    std::string_view text = bytes;
    if (text.starts_with("\r\n")) text.remove_prefix(2);
    else if (text.starts_with('\n')) text.remove_prefix(1);
    if (text.empty()) return offset + bytes.size() >= settings_.file_bytes;
    return parse_from_line(text.substr(0, text.find('\n'))).has_value();
}

void Scanner::end_mail(std::uint64_t end) {
    mail_.bytes = end - mail_.offset;
    const auto text_bytes = end > text_offset_ ? end - text_offset_ : 0;
    mail_.identity = cat(hex_encode(crypto::sha256(hashed_).substr(0, kIdentityHashBytes)), '-', text_bytes);
    take_(std::move(mail_));
    mail_ = {};
}

}  // namespace tayori::legacy::mbox
