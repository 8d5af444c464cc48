// Our forms of PMail's uidl.txt and folder.txt, version 2 imap4 (pmail/forms.h).
#include <map>

#include "common/base/text.h"
#include "common/legacy/export/writers.h"
#include "common/legacy/mail_head.h"

namespace tayori::legacy {
namespace {

constexpr std::size_t kFileDigits = 8;

std::string csv(std::string_view field) {
    if (field.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(field);
    std::string out = "\"";
    for (const char c : field) append(out, c == '"' ? "\"\"" : std::string_view(&c, 1));
    return out + '"';
}

std::string flag_letters(const Mail& mail, std::uint64_t& keywords_lost) {
    std::string out;
    if (mail.flags & kAnswered) out += 'A';
    if (mail.flags & kSeen) out += 'S';
    if (mail.flags & kFlagged) out += 'F';
    if (mail.flags & kDeleted) out += 'D';
    if (mail.flags & kDraft) out += 'X';
    for (const auto& keyword : mail.keywords) {
        if (equals_ignoring_case(keyword, "$MDNSent")) out += 'M';
        else ++keywords_lost;
    }
    return out;
}

class PmailWriter final : public MailboxWriter {
  public:
    PmailWriter(OutDirectory directory, Report& report) : out_(std::move(directory)), report_(report) {}

    Result<void> begin_folder(const Folder& folder) override {
        if (folders_.empty()) {
            folders_ = ";pmail-folder 2 imap4\n";
            if (auto opened = uidl_.open(out_, "uidl.txt"); !opened) return opened;
            if (auto written = uidl_.append(";pmail-uidl 2 imap4\n"); !written) return written;
        }
        name_ = folder.name;
        last_uid_ = 0;
        keywords_lost_ = 0;
        row_of(folder.name);
        const auto& directory = directories_[folder.name];
        append(folders_, rows_[folder.name], ',', folder.uid_validity, ',', folder.uid_next, ',', folder.subscribed ? 1 : 0, ',', folder.special_use, '\n');
        rows_.erase(folder.name);
        return directory == "." ? Result<void>{} : out_.make_directory(directory);
    }

    Result<void> add(const Mail& mail, std::string_view message) override {
        if (auto checked = check_uid(last_uid_, mail); !checked) return checked;
        last_uid_ = mail.uid;
        auto number = std::to_string(mail.uid);
        if (number.size() < kFileDigits) number.insert(0, kFileDigits - number.size(), '0');
        const auto& directory = directories_[name_];
        const auto file = cat(directory == "." ? "" : directory + "/", number, ".eml");
        const auto seconds = mail.internal_date ? mail.internal_date->unix_s : 0;
        if (auto written = out_.write(file, message, seconds); !written) return written;
        return uidl_.append(cat(csv(file), ',', csv(mail.uidl), ',', mail.uid, ',', flag_letters(mail, keywords_lost_), ',',
                                mail.internal_date ? format_rfc3339(*mail.internal_date) : "", ',', mail.pop3_order, '\n'));
    }

    Result<void> end_folder() override {
        if (keywords_lost_ != 0) report_.add({Severity::changed, "", name_, 0, "export-keywords-lost", {std::to_string(keywords_lost_)}});
        return {};
    }

    Result<void> finish() override {
        // Levels that are no folders, but stand above some: their names alone.
        for (const auto& [name, row] : rows_) append(folders_, row, ",0,0,0,\n");
        if (folders_.empty()) folders_ = ";pmail-folder 2 imap4\n";
        else if (auto closed = uidl_.close(); !closed) return closed;
        if (auto written = out_.write("folder.txt", folders_); !written) return written;
        return out_.sync();
    }

  private:
    // "<directory>,<name>,<parent directory>" of a folder and of all above it, made once.
    void row_of(const std::string& name) {
        if (directories_.contains(name)) return;
        const auto at = name.rfind('/');
        const auto parent = at == std::string::npos ? std::string() : name.substr(0, at);
        if (!parent.empty()) row_of(parent);
        const auto level = at == std::string::npos ? name : name.substr(at + 1);
        directories_[name] = name == "INBOX" ? "." : cat('f', ++last_directory_);
        // In UTF-8, but where it could be taken for modified UTF-7.
        const auto written = level.find('&') == std::string::npos ? level : utf7_levels(level).front();
        rows_[name] = cat(directories_[name], ',', csv(written), ',', parent.empty() ? "" : directories_[parent]);
    }

    OutDirectory out_;
    Report& report_;
    std::string folders_, name_;
    std::map<std::string, std::string> directories_, rows_;
    std::size_t last_directory_ = 0;
    std::uint64_t keywords_lost_ = 0;
    std::uint32_t last_uid_ = 0;
    OutFile uidl_;
};

}  // namespace

std::unique_ptr<MailboxWriter> make_pmail_writer(OutDirectory directory, Report& report) {
    return std::make_unique<PmailWriter>(std::move(directory), report);
}

}  // namespace tayori::legacy
