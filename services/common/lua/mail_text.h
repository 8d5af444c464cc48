// A mail as plugins see it, decoded when asked for and then kept: for all plugins and all recipients of one job.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/lua/job.h"
#include "common/mail/header.h"
#include "common/mail/part_info.h"
#include "common/mail/part_tree.h"

namespace tayori::lua {

inline constexpr std::size_t kPartsMax = 500;                  // shown of a mail
inline constexpr std::size_t kTextBytesMax = 256 * 1024;       // of a part's text, and of the whole mail's
inline constexpr std::size_t kEncodedBytesMax = 1024 * 1024;   // of a part, decoded for that

class MailText {
  public:
    explicit MailText(const MailView& view);
    MailText(const MailText&) = delete;
    MailText& operator=(const MailText&) = delete;

    const MailView& view() const { return view_; }
    const mail::Summary& summary() const { return *summary_; }
    std::string_view header() const { return header_; }
    const std::vector<mail::Field>& fields();
    // The first field of this name (any case), still folded.
    std::optional<std::string_view> find(std::string_view name);
    bool is_whole() const { return view_.bytes.size() >= view_.size; }

    struct Leaf {
        mail::PartInfo info;
        mail::Part part;
        bool is_here = false;       // all of its header, and some of its body
        std::optional<std::string> text;
    };
    // What people call the parts: everything but multiparts, an attached mail before what is in it.
    const std::vector<Leaf>& leaves();
    const mail::PartTree& tree();

    // Octets that have to be decoded for a text, counted each time it is asked for: a plugin costs the same whoever ran before.
    std::uint64_t cost_of_leaf(std::size_t index);
    std::uint64_t cost_of_text();
    const std::string& leaf_text(std::size_t index);  // "" of what is no text
    const std::string& text();
    const std::string& why_automatic();               // "": it may be answered

  private:
    bool is_readable(std::size_t index);

    const MailView& view_;
    std::optional<mail::Summary> made_;               // where the job has none
    const mail::Summary* summary_;
    std::string_view header_;
    std::optional<std::vector<mail::Field>> fields_;
    std::optional<mail::PartTree> tree_;
    std::optional<std::vector<Leaf>> leaves_;
    std::optional<std::string> text_;
    std::optional<std::string> why_automatic_;
};

}  // namespace tayori::lua
