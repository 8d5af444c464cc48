// mboxrd with the bookkeeping fields that Dovecot, UW and mutt read.
#include <algorithm>

#include "common/base/text.h"
#include "common/legacy/export/writers.h"
#include "common/legacy/mbox/bookkeeping.h"
#include "common/legacy/mbox/from_line.h"
#include "common/legacy/spool/lines.h"

namespace tayori::legacy {
namespace {

// "Thu Jan  1 00:00:00 1970", in UTC.
std::string asctime_of(std::int64_t unix_s) {
    const auto text = mail::format_mail_date({unix_s, 0});  // "Thu, 1 Jan 1970 00:00:00 +0000"
    std::string_view rest = text;
    const auto weekday = take_word(rest).substr(0, 3);
    const auto day = take_word(rest), month = take_word(rest), year = take_word(rest), time = take_word(rest);
    return cat(weekday, ' ', month, ' ', day.size() == 1 ? " " : "", day, ' ', time, ' ', year);
}

// A folder without mails keeps its numbers in a mail that UW, Dovecot and our reader know to be none.
std::string internal_mail(const Folder& folder) {
    return cat("From MAILER-DAEMON ", asctime_of(0),
               "\nFrom: Mail System Internal Data <MAILER-DAEMON>\n"
               "Subject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\nX-IMAP: ",
               folder.uid_validity, ' ', folder.uid_next - 1,
               "\nStatus: RO\n\nThis text is part of the internal format of your mail folder.\n\n");
}

class MboxWriter final : public MailboxWriter {
  public:
    MboxWriter(OutDirectory directory, Report& report) : out_(std::move(directory)), report_(report) {}

    Result<void> begin_folder(const Folder& folder) override {
        folder_ = folder;
        folder_.mails.clear();
        last_uid_ = 0;
        mails_ = 0;
        const auto path = path_of(folder.name);
        if (const auto at = path.rfind('/'); at != std::string::npos)
            if (auto made = out_.make_directory(path.substr(0, at)); !made) return made;
        if (folder.subscribed) append(subscriptions_, path, '\n');
        return file_.open(out_, path);
    }

    Result<void> add(const Mail& mail, std::string_view message) override {
        if (auto checked = check_uid(last_uid_, mail); !checked) return checked;
        last_uid_ = mail.uid;
        const auto seconds = mail.internal_date ? mail.internal_date->unix_s : 0;
        auto out = cat("From MAILER-DAEMON ", asctime_of(seconds), '\n', fields(mail));
        TextLines lines(message);
        for (std::string_view line; lines.next(line);) {
            if (line.starts_with("From ") || mbox::quotes_of_from(line) > 0) out += '>';
            append(out, line, '\n');
        }
        out += '\n';
        ++mails_;
        return file_.append(out);
    }

    Result<void> end_folder() override {
        if (mails_ == 0 && folder_.uid_validity != 0 && folder_.uid_next > 0)
            if (auto written = file_.append(internal_mail(folder_)); !written) return written;
        return file_.close();
    }

    Result<void> finish() override {
        if (auto written = out_.write(".subscriptions", subscriptions_); !written) return written;
        return out_.sync();
    }

  private:
    // "Work.sbd/2024", as Thunderbird has it.
    std::string path_of(const std::string& name) {
        std::string path;
        for (const auto& utf7 : utf7_levels(name)) {
            auto level = escape_level(utf7, "/");
            // What the reader would take for something else.
            if (level.starts_with('.') || level.ends_with(".sbd") || level.ends_with(".msf") || level.ends_with(".lock"))
                level = escape_level(utf7, "/.");
            if (level == "subscriptions") {
                level = "subscriptions_";
                report_.add({Severity::changed, "", name, 0, "export-name-cut", {name, level}});
            }
            if (!path.empty()) path += ".sbd/";
            path += level;
        }
        return path;
    }

    std::string fields(const Mail& mail) const {
        std::string out;
        std::size_t count = 0;
        const auto add = [&](std::string_view name, std::string_view value) {
            append(out, name, ": ", value, '\n');
            ++count;
        };
        if (mails_ == 0) add("X-IMAPbase", cat(std::max<std::uint32_t>(folder_.uid_validity, 1), ' ', std::max<std::uint32_t>(folder_.uid_next, 1) - 1));
        add("X-UID", std::to_string(mail.uid));
        add("Status", mail.flags & kSeen ? "RO" : "O");
        add("X-Status", cat(mail.flags & kAnswered ? "A" : "", mail.flags & kFlagged ? "F" : "", mail.flags & kDraft ? "T" : "",
                            mail.flags & kDeleted ? "D" : ""));
        std::string keywords;
        for (const auto& keyword : mail.keywords) append(keywords, keywords.empty() ? "" : " ", keyword);
        add("X-Keywords", keywords);
        if (!mail.uidl.empty()) add("X-UIDL", mail.uidl);
        const bool hidden = folder_.name == "INBOX" && mail.pop3_order == 0;
        return cat(mbox::kOwnMark, ": rd ", count, hidden ? " hidden" : "", '\n', out);
    }

    OutDirectory out_;
    Report& report_;
    Folder folder_;
    std::string subscriptions_;
    std::size_t mails_ = 0;
    std::uint32_t last_uid_ = 0;
    OutFile file_;
};

}  // namespace

std::unique_ptr<MailboxWriter> make_mbox_writer(OutDirectory directory, Report& report) {
    return std::make_unique<MboxWriter>(std::move(directory), report);
}

}  // namespace tayori::legacy
