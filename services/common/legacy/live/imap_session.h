// One IMAP session with another server, read only: EXAMINE and BODY.PEEK. SELECT, STORE and EXPUNGE are said for removal.h alone.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/legacy/capture/capture.h"
#include "common/legacy/live/imap_response.h"
#include "common/legacy/live/link.h"

namespace tayori::legacy {

struct ListedFolder {
    std::string raw_name;
    std::string delimiter;  // empty: the server has no levels
    std::vector<std::string> attributes;
    bool subscribed = false;

    bool has(std::string_view attribute) const;
};
struct ExaminedFolder {
    std::uint32_t uid_validity = 0;  // 0: the server does not say
    std::uint32_t uid_next = 0;
    std::uint64_t exists = 0;
};

class ImapSession {
  public:
    // `link` has been logged in to.
    ImapSession(std::unique_ptr<Link> link, std::uint64_t message_bytes_max);

    // closed, corrupt: the session is over. Errors of all others: denied, the server said NO or BAD.
    Result<void> start();
    // `prefix` is what the names of the user's own folders begin with, `foreign` those of other people's.
    struct Folders {
        std::string prefix;
        std::vector<std::string> foreign;
        std::vector<ListedFolder> folders;
    };
    Result<Folders> list();
    Result<ExaminedFolder> examine(const std::string& raw_name);
    // Of the examined folder, ascending. `with_fields`: Message-ID and Date, too.
    Result<std::vector<CapturedMail>> mails(bool with_fields);

    // A body that is asked for, and taken in the order of asking. Nothing: the server has no such mail any more.
    Result<void> ask(std::uint32_t uid);
    std::size_t asked() const { return asked_.size(); }
    struct Body {
        std::uint32_t uid = 0;
        std::optional<std::string> bytes;
        std::string refusal;  // what the server said instead
    };
    Result<Body> take();

    // For removal.h alone. Of the selected folder.
    Result<ExaminedFolder> select(const std::string& raw_name);
    Result<void> mark_deleted(const std::vector<std::uint32_t>& uids);
    // Takes out what is marked as deleted: these, and none but these. no: others are, and the server can't tell them apart.
    enum class Expunged { no, yes };
    Result<Expunged> expunge(const std::vector<std::uint32_t>& uids);

    void goodbye();  // LOGOUT, as far as it goes

  private:
    using Visit = std::function<Result<void>(ImapResponse&)>;
    bool has(std::string_view capability) const { return capabilities_.contains(capability); }
    Result<std::string> send(std::string_view command);
    // To the tagged answer of `tag`; `visit` sees what comes before it.
    Result<ImapResponse> finish(const std::string& tag, const Visit& visit);
    Result<void> run(std::string_view command, const Visit& visit);
    Result<std::vector<ListedFolder>> list_by(std::string_view command, std::string_view name);
    Result<void> name_spaces(Folders& out);
    Result<ExaminedFolder> open(std::string_view command, const std::string& raw_name);

    std::unique_ptr<Link> link_;
    LinkReader reader_;
    const std::uint64_t message_bytes_max_;
    std::uint64_t tags_ = 0;
    std::set<std::string, std::less<>> capabilities_;
    std::uint64_t exists_ = 0;
    struct Asked {
        std::string tag;
        std::uint32_t uid = 0;
    };
    std::deque<Asked> asked_;
    // Bodies that came before the answer to their command: Dovecot does several commands as one.
    std::map<std::uint32_t, std::string> came_;
};

// A mailbox's name as it is said in a command. Nothing: it has a line end.
std::optional<std::string> quoted_name(std::string_view raw_name);

}  // namespace tayori::legacy
