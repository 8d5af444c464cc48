// Which names LIST and LSUB show, with which attributes. Pure: works on one ListFoldersReply.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "imapd/grammar/list_args.h"
#include "tayori/spool/v1/mailbox.pb.h"

namespace tayori::imap {

namespace v1 = ::tayori::spool::v1;

// Reference and pattern joined, in UTF-8 as names are kept. A pattern that is not modified UTF-7 is
// left out: it matches nothing.
std::vector<std::string> full_patterns(const ListArgs& args);

class Listing {
  public:
    struct Entry {
        const v1::Folder* folder = nullptr;  // none: subscribed, but there is no such folder
        bool subscribed = false;
        bool has_children = false;
    };
    struct Line {
        std::string attributes;
        bool child_info = false;  // ("CHILDINFO" ("SUBSCRIBED")), RFC 5258 §3.5
    };

    // The reply must outlive the listing.
    explicit Listing(const v1::ListFoldersReply& reply);
    const std::map<std::string, Entry>& entries() const { return entries_; }

    // The name's line if LIST shows it.
    std::optional<Line> describe(const std::string& name, const Entry& entry, const ListArgs& args,
                                 const std::vector<std::string>& patterns) const;
    // LSUB: subscribed names; with "%" also unsubscribed levels above them, as \Noselect (RFC 3501
    // §6.3.9).
    std::map<std::string, std::string> subscriptions(
        const std::vector<std::string>& patterns) const;

  private:
    // Does RECURSIVEMATCH show this name for what is below it and not listed itself?
    bool leads_to_chosen(const std::string& name, const ListArgs& args,
                         const std::vector<std::string>& patterns) const;
    std::map<std::string, Entry> entries_;
};

}  // namespace tayori::imap
