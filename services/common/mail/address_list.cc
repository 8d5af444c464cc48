// Address lists of headers. Nobody may be refused here: a mail is in the store, and its broken From
// must be shown.
#include <algorithm>

#include "common/mail/address.h"
#include "common/mail/header.h"
#include "common/mail/limits.h"

namespace tayori::mail {
namespace {

struct PhraseWord {
    std::string text;
    bool space_before = false;
};

class ListParser {
  public:
    explicit ListParser(std::string_view text) : text_(text) {}

    std::vector<ListedAddress> run() {
        while (i_ < text_.size() && mailboxes_ < kAddressesMax) step();
        flush();
        end_group();
        return std::move(list_);
    }

  private:
    void step() {
        const char c = text_[i_];
        if (c == ' ' || c == '\t') {
            ++i_;
            space_ = true;
        } else if (c == '(' && comment()) {
            space_ = true;
        } else if (c == '"' && quoted()) {
        } else if (c == '<') {
            angle();
        } else if (c == ',') {
            ++i_;
            flush();
        } else if (c == ';') {
            ++i_;
            flush();
            end_group();
        } else if (c == ':' && !in_group_ && !at_ && !angle_) {
            ++i_;
            in_group_ = true;
            list_.push_back({ListedAddress::Type::group_start, phrase(words_.size()), "", "", ""});
            reset();
        } else if (c == '@' && !words_.empty() && !at_ && !angle_) {
            ++i_;
            at_ = true;
            at_word_ = words_.size();
        } else if (c == '[' && at_ && literal()) {
        } else if (c == '>') {
            ++i_;
        } else {
            atom();
        }
    }

    void add(std::string text) {
        words_.push_back({std::move(text), space_});
        space_ = false;
    }

    void atom() {
        const auto from = i_++;
        while (i_ < text_.size()) {
            const char c = text_[i_];
            const bool special = c == ' ' || c == '\t' || c == '<' || c == '>' || c == ',' ||
                                 c == ';' || c == ':' || c == '@' ||
                                 (c == '(' && !comments_broken_) || (c == '"' && !quotes_broken_) ||
                                 (c == '[' && at_);
            if (special) break;
            ++i_;
        }
        add(std::string(text_.substr(from, i_ - from)));
    }

    // A quote that never closes is a character like others, and so are those behind it.
    bool quoted() {
        if (quotes_broken_) return false;
        std::string text;
        std::size_t i = i_ + 1;
        for (; i < text_.size() && text_[i] != '"'; ++i) {
            if (text_[i] == '\\' && i + 1 < text_.size()) ++i;
            text += text_[i];
        }
        if (i >= text_.size()) {
            quotes_broken_ = true;
            return false;
        }
        i_ = i + 1;
        add(std::move(text));
        return true;
    }

    bool comment() {
        if (comments_broken_) return false;
        std::string text;
        int depth = 0;
        for (std::size_t i = i_; i < text_.size(); ++i) {
            char c = text_[i];
            if (c == '\\' && i + 1 < text_.size()) {
                c = text_[++i];
            } else if (c == '(') {
                if (depth++ == 0) continue;
            } else if (c == ')' && --depth == 0) {
                i_ = i + 1;
                if (!text.empty()) comment_ = std::move(text);
                return true;
            }
            text += c;
        }
        comments_broken_ = true;
        return false;
    }

    bool literal() {
        const auto end = text_.find_first_of("[],;<> \t", i_ + 1);
        if (end == std::string_view::npos || text_[end] != ']') return false;
        const auto from = i_;
        i_ = end + 1;
        add(std::string(text_.substr(from, i_ - from)));
        return true;
    }

    // <@route:local@domain>; white space and comments within go.
    void angle() {
        ++i_;
        // "a@b <c@d>": the first was a display name.
        std::string name = at_ ? join_all() : phrase(words_.size());
        std::string comment_before = std::move(comment_);
        comment_.clear();
        ListedAddress address;
        bool has_at = false;
        std::string current;
        while (i_ < text_.size() && text_[i_] != '>' && text_[i_] != ',') {
            const char c = text_[i_];
            if (c == ' ' || c == '\t') {
                ++i_;
            } else if (c == '(' && comment()) {
            } else if (c == '"' && quoted()) {
                current += words_.back().text;
                words_.pop_back();
            } else if (c == '@' && !(current.empty() && !has_at)) {
                ++i_;
                if (has_at) address.local += '@';
                address.local += current;
                current.clear();
                has_at = true;
            } else if (c == '@' && address.route.empty()) {
                route(address.route);
            } else {
                current += c;
                ++i_;
            }
        }
        (has_at ? address.domain : address.local) = std::move(current);
        if (name.empty()) name = comment_before.empty() ? comment_ : comment_before;
        address.name = std::move(name);
        reset();
        angle_ = true;
        put(std::move(address));
    }

    void route(std::string& out) {
        const auto end = std::min(text_.find_first_of(":>", i_), text_.size());
        if (end < text_.size() && text_[end] == ':') {
            out = text_.substr(i_, end - i_);
            i_ = end + 1;
        } else {
            out = "@";  // a lonely one
            ++i_;
        }
    }

    // What stands between two commas, when there was no <…>.
    void flush() {
        if (words_.empty() || angle_) {
            reset();
            angle_ = false;
            return;
        }
        ListedAddress address;
        if (at_) {
            std::size_t first = at_word_ - 1;
            while (first > 0 && is_joined(first)) --first;
            for (std::size_t i = first; i < at_word_; ++i) address.local += words_[i].text;
            std::size_t last = at_word_;
            while (last < words_.size() && (last == at_word_ || is_joined(last))) ++last;
            for (std::size_t i = at_word_; i < last; ++i) address.domain += words_[i].text;
            address.name = phrase(first);
        } else if (words_.size() == 1) {
            address.local = words_[0].text;
        } else {
            address.name = phrase(words_.size());
        }
        if (address.name.empty()) address.name = comment_;
        reset();
        put(std::move(address));
    }

    // "local . part" is one local part (RFC 5322 §4.4), and so is "a"b.
    bool is_joined(std::size_t word) const {
        return !words_[word].space_before || words_[word].text.starts_with('.') ||
               words_[word - 1].text.ends_with('.');
    }

    std::string phrase(std::size_t count) const {
        std::string out;
        for (std::size_t i = 0; i < count; ++i) {
            if (words_[i].space_before && !out.empty()) out += ' ';
            out += words_[i].text;
        }
        return out;
    }
    std::string join_all() const {
        std::string out = phrase(at_word_) + '@';
        for (std::size_t i = at_word_; i < words_.size(); ++i) {
            if (words_[i].space_before) out += ' ';
            out += words_[i].text;
        }
        return out;
    }

    void put(ListedAddress address) {
        list_.push_back(std::move(address));
        ++mailboxes_;
    }
    void end_group() {
        if (!in_group_) return;
        in_group_ = false;
        list_.push_back({ListedAddress::Type::group_end, "", "", "", ""});
    }
    void reset() {
        words_.clear();
        comment_.clear();
        at_ = false;
        space_ = false;
    }

    std::string_view text_;
    std::size_t i_ = 0;
    std::vector<ListedAddress> list_;
    std::size_t mailboxes_ = 0;
    std::vector<PhraseWord> words_;
    std::string comment_;
    std::size_t at_word_ = 0;  // words before the "@"
    bool at_ = false;
    bool angle_ = false;  // the address is complete; what follows before the comma is lost
    bool space_ = false;
    bool in_group_ = false;
    bool comments_broken_ = false;
    bool quotes_broken_ = false;
};

}  // namespace

std::vector<ListedAddress> parse_address_list(std::string_view value) {
    const auto text = unfold(value);
    return ListParser(text).run();
}

}  // namespace tayori::mail
