// Maildir++ with Dovecot's lists.
#include <algorithm>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/legacy/export/writers.h"
#include "common/legacy/maildir/maildir.h"
#include "common/legacy/spool/lines.h"

namespace tayori::legacy {
namespace {

constexpr std::size_t kLettersMax = 26;
constexpr std::size_t kNameBytesMax = 250;  // of a directory; most file systems take 255
constexpr std::string_view kForwarded = "$Forwarded";

class MaildirWriter final : public MailboxWriter {
  public:
    MaildirWriter(OutDirectory directory, Report& report) : out_(std::move(directory)), report_(report) {}

    Result<void> begin_folder(const Folder& folder) override {
        folder_ = folder;
        folder_.mails.clear();
        keywords_.clear();
        keywords_lost_ = 0;
        last_uid_ = 0;
        ++folders_;
        raw_ = raw_name(folder.name);
        directory_ = folder.name == "INBOX" ? "" : raw_ + "/";
        for (const auto* part : {"cur", "new", "tmp"})
            if (auto made = out_.make_directory(directory_ + part); !made) return made;
        if (folder.name != "INBOX")
            if (auto mark = out_.write(directory_ + "maildirfolder", ""); !mark) return mark;  // Maildir++ says so
        if (folder.subscribed) append(subscriptions_, folder.name == "INBOX" ? raw_ : raw_.substr(1), '\n');
        if (auto opened = list_.open(out_, directory_ + "dovecot-uidlist"); !opened) return opened;
        // Without a UIDVALIDITY there are no UIDs to keep; 1 lets them stand.
        return list_.append(cat("3 V", std::max<std::uint32_t>(folder.uid_validity, 1), " N", std::max<std::uint32_t>(folder.uid_next, 1),
                                " G", hex_encode(crypto::random_bytes(16)), '\n'));
    }

    Result<void> add(const Mail& mail, std::string_view message) override {
        if (auto checked = check_uid(last_uid_, mail); !checked) return checked;
        last_uid_ = mail.uid;
        const auto text = with_lf(message);
        const auto seconds = mail.internal_date ? mail.internal_date->unix_s : 0;
        const auto base = cat(std::max<std::int64_t>(seconds, 0), ".M", mail.uid, 'P', folders_, ".tayori,S=", text.size(), ",W=", message.size());
        if (auto written = out_.write(cat(directory_, "cur/", base, ":2,", letters(mail)), text, seconds); !written) return written;
        auto line = cat(mail.uid);
        if (!mail.uidl.empty()) append(line, " P", mail.uidl);
        if (mail.pop3_order != 0) append(line, " O", mail.pop3_order);
        else if (folder_.name == "INBOX") line += " H1";
        return list_.append(cat(line, " :", base, '\n'));
    }

    Result<void> end_folder() override {
        if (auto closed = list_.close(); !closed) return closed;
        if (keywords_lost_ != 0)
            report_.add({Severity::changed, "", folder_.name, 0, "export-keywords-lost", {std::to_string(keywords_lost_)}});
        std::string text;
        for (std::size_t i = 0; i < keywords_.size(); ++i) append(text, i, ' ', keywords_[i], '\n');
        return text.empty() ? Result<void>{} : out_.write(directory_ + "dovecot-keywords", text);
    }

    Result<void> finish() override {
        if (auto written = out_.write("subscriptions", subscriptions_); !written) return written;
        if (auto written = out_.write(std::string(kOwnExport), "1\n"); !written) return written;
        return out_.sync();
    }

  private:
    // ".Folder.Sub"; a name that no file system takes is cut.
    std::string raw_name(const std::string& name) {
        if (name == "INBOX") return name;
        std::string raw;
        for (const auto& level : utf7_levels(name)) append(raw, '.', escape_level(level, "./"));
        if (raw.size() <= kNameBytesMax) return raw;
        const auto cut = cat(".cut_", hex_encode(crypto::sha256(name).substr(0, 8)));
        report_.add({Severity::changed, "", name, 0, "export-name-cut", {name, cut}});
        return cut;
    }

    std::string letters(const Mail& mail) {
        std::string out;
        if (mail.flags & kDraft) out += 'D';
        if (mail.flags & kFlagged) out += 'F';
        if (std::find(mail.keywords.begin(), mail.keywords.end(), kForwarded) != mail.keywords.end()) out += 'P';
        if (mail.flags & kAnswered) out += 'R';
        if (mail.flags & kSeen) out += 'S';
        if (mail.flags & kDeleted) out += 'T';
        std::string own;
        for (const auto& keyword : mail.keywords) {
            if (keyword == kForwarded) continue;
            const auto at = std::find(keywords_.begin(), keywords_.end(), keyword);
            if (at == keywords_.end() && keywords_.size() == kLettersMax) {
                ++keywords_lost_;
                continue;
            }
            own += static_cast<char>('a' + (at - keywords_.begin()));
            if (at == keywords_.end()) keywords_.push_back(keyword);
        }
        std::sort(own.begin(), own.end());
        return out + own;
    }

    OutDirectory out_;
    Report& report_;
    Folder folder_;
    std::string raw_, directory_, subscriptions_;
    std::vector<std::string> keywords_;
    std::size_t keywords_lost_ = 0;
    std::size_t folders_ = 0;
    std::uint32_t last_uid_ = 0;
    OutFile list_;
};

}  // namespace

std::unique_ptr<MailboxWriter> make_maildir_writer(OutDirectory directory, Report& report) {
    return std::make_unique<MaildirWriter>(std::move(directory), report);
}

}  // namespace tayori::legacy
