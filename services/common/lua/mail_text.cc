#include "common/lua/mail_text.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/automatic.h"
#include "common/mail/body_text.h"
#include "common/mail/utf8.h"

namespace tayori::lua {

MailText::MailText(const MailView& view) : view_(view), summary_(view.summary) {
    if (summary_ == nullptr) summary_ = &made_.emplace(mail::make_summary(view.bytes));
    header_ = view.bytes.substr(0, std::min<std::uint64_t>(summary_->header_bytes, view.bytes.size()));
}

const std::vector<mail::Field>& MailText::fields() {
    if (fields_) return *fields_;
    fields_.emplace();
    fields_->reserve(32);
    mail::Fields fields(header_);
    while (const auto field = fields.next()) fields_->push_back(*field);
    return *fields_;
}

std::optional<std::string_view> MailText::find(std::string_view name) {
    for (const auto& field : fields())
        if (equals_ignoring_case(field.name, name)) return field.value;
    return std::nullopt;
}

const mail::PartTree& MailText::tree() {
    if (!tree_) {
        tree_ = mail::decode_part_tree(summary_->parts);
        // A summary that is not one: a mail of one part.
        if (!tree_) tree_ = mail::PartTree{{mail::Part{mail::PartKind::text, 1, 0, header_.size(), view_.size - header_.size(), 0}}};
    }
    return *tree_;
}

const std::vector<MailText::Leaf>& MailText::leaves() {
    if (leaves_) return *leaves_;
    leaves_.emplace();
    const auto& parts = tree().parts;
    std::optional<std::vector<mail::PartInfo>> told;  // by the structure, of parts that are not here
    std::vector<std::uint32_t> digests;               // ends of those that are open
    for (std::uint32_t i = 0; i < parts.size() && leaves_->size() < kPartsMax; ++i) {
        const auto& part = parts[i];
        while (!digests.empty() && i >= digests.back()) digests.pop_back();
        Leaf leaf;
        leaf.part = part;
        leaf.is_here = part.body_offset() <= view_.bytes.size();
        if (leaf.is_here) {
            const auto header = view_.bytes.substr(part.header_offset, part.header_bytes);
            const bool in_digest = !digests.empty() && part.kind == mail::PartKind::message;
            leaf.info = mail::read_part_info(header, in_digest ? "message/rfc822" : "text/plain");
        } else {
            if (!told) told = mail::part_infos_of(summary_->bodystructure);
            if (i < told->size()) leaf.info = (*told)[i];
        }
        if (part.kind == mail::PartKind::multipart) {
            if (leaf.info.type == "multipart/digest") digests.push_back(part.end);
            continue;
        }
        leaves_->push_back(std::move(leaf));
    }
    return *leaves_;
}

bool MailText::is_readable(std::size_t index) {
    const auto& leaf = leaves()[index];
    return leaf.part.kind == mail::PartKind::text && leaf.is_here;
}

std::uint64_t MailText::cost_of_leaf(std::size_t index) {
    if (!is_readable(index)) return 0;
    const auto& leaf = leaves()[index];
    return std::min<std::uint64_t>({leaf.part.body_bytes, kEncodedBytesMax, view_.bytes.size() - leaf.part.body_offset()});
}

const std::string& MailText::leaf_text(std::size_t index) {
    leaves();
    auto& leaf = (*leaves_)[index];
    if (leaf.text) return *leaf.text;
    leaf.text.emplace();
    if (!is_readable(index)) return *leaf.text;
    const auto header = view_.bytes.substr(leaf.part.header_offset, leaf.part.header_bytes);
    const auto body = view_.bytes.substr(leaf.part.body_offset(), cost_of_leaf(index));
    *leaf.text = mail::decode_part_text(header, body);
    std::erase(*leaf.text, '\r');  // plugins' lines end with \n
    leaf.text->resize(mail::clip_utf8(*leaf.text, kTextBytesMax).size());
    return *leaf.text;
}

std::uint64_t MailText::cost_of_text() {
    std::uint64_t cost = 0;
    const auto count = leaves().size();
    for (std::size_t i = 0; i < count && cost < kEncodedBytesMax; ++i)
        if (!leaves()[i].info.is_file()) cost += cost_of_leaf(i);
    return std::min<std::uint64_t>(cost, kEncodedBytesMax);
}

const std::string& MailText::text() {
    if (text_) return *text_;
    text_.emplace();
    std::uint64_t cost = 0;
    const auto count = leaves().size();
    for (std::size_t i = 0; i < count && text_->size() < kTextBytesMax && cost < kEncodedBytesMax; ++i) {
        const auto& leaf = leaves()[i];
        if (leaf.info.is_file()) continue;
        cost += cost_of_leaf(i);
        const auto& text = leaf_text(i);
        if (text.empty()) continue;
        if (!text_->empty() && text_->back() != '\n') *text_ += '\n';
        *text_ += leaf.info.type == "text/html" ? mail::html_to_text(text) : text;
    }
    text_->resize(mail::clip_utf8(*text_, kTextBytesMax).size());
    return *text_;
}

const std::string& MailText::why_automatic() {
    if (!why_automatic_) why_automatic_ = mail::why_automatic(header_, view_.sender);
    return *why_automatic_;
}

}  // namespace tayori::lua
