#include "common/legacy/epost/control.h"

#include <algorithm>
#include <map>

#include "common/base/text.h"
#include "common/legacy/epost/file_names.h"
#include "common/legacy/epost/ims_ctl.h"
#include "common/legacy/epost/rules.h"
#include "common/legacy/lines.h"
#include "common/legacy/plugin_json.h"
#include "common/mail/address.h"
#include "common/mail/charset.h"

namespace tayori::legacy::epost {
namespace {

constexpr std::string_view kListFile = "file:";

bool is_password_text(std::string_view text) {
    return mail::is_valid_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
               return static_cast<unsigned char>(c) < 0x20;
           });
}

// One mailbox folder while its files are looked at.
class Controls {
  public:
    Controls(const Tree& tree, const std::vector<Entry>& entries, Account& account,
             AccountReport& report)
        : tree_(tree), entries_(entries), account_(account), report_(report) {}

    void run() {
        choose();
        read_ims_ctl();
        read_auto_reply();
        read_forward();
        read_password();
        read_size();
        read_destinations();
        read_filter();
        report_rest();
    }

  private:
    // One file for each purpose. Of two that differ in case only, the lower-case one was read on
    // Unix.
    void choose() {
        for (const auto& entry : entries_) {
            const auto control =
                entry.kind == EntryKind::file ? control_of(entry.name()) : Control::none;
            if (control == Control::none) continue;
            used_.push_back(&entry);
            const bool lower = entry.name() == to_lower(entry.name());
            auto& chosen = files_[control];
            if (chosen != nullptr) {
                const auto* other = lower ? chosen : &entry;
                report_.add(Severity::person, other->path, "control-twice",
                            {std::string(lower ? entry.name() : chosen->name())});
                if (!lower) continue;
            }
            chosen = &entry;
            if (lower) continue;
            const bool ignored = control == Control::ims_ctl;
            report_.add(ignored ? Severity::person : Severity::note, entry.path,
                        ignored ? "ims-upper-case" : "name-case");
        }
    }

    const Entry* file(Control control) const {
        const auto it = files_.find(control);
        return it == files_.end() ? nullptr : it->second;
    }

    // Nothing: there is no such file, or it can't be read, which is reported.
    std::optional<std::string> bytes_of(const Entry* entry) {
        if (entry == nullptr) return std::nullopt;
        auto bytes = read_control_file(tree_, entry->path);
        if (bytes) return std::move(*bytes);
        report_.add(Severity::refused, entry->path, "file-unreadable", {bytes.error().text});
        return std::nullopt;
    }

    // Addresses or patterns, one a line; what is none is reported.
    std::vector<std::string> list_of(const Entry* entry, bool patterns) {
        std::vector<std::string> out;
        const auto bytes = bytes_of(entry);
        if (!bytes) return out;
        std::uint64_t number = 0;
        for (const auto raw : split_lines(*bytes)) {
            ++number;
            const auto line = trim_white(raw);
            if (line.empty() || line.front() == '#' || line.front() == ';') continue;
            const bool good = patterns
                                  ? mail::is_ascii(line) && line.find(' ') == std::string_view::npos
                                  : mail::parse_address(line).has_value();
            if (good)
                out.emplace_back(line);
            else
                report_.add(Severity::person, entry->path, number, "not-an-address",
                            {verbatim(line)});
        }
        return out;
    }

    void put(std::string_view plugin, std::string_view path, std::string json) {
        account_.settings.push_back({std::string(plugin), std::string(path), std::move(json)});
    }

    void read_ims_ctl() {
        const auto* entry = file(Control::ims_ctl);
        if (const auto bytes = bytes_of(entry)) {
            ims_ = parse_ims_ctl(*bytes, entry->path, report_);
            ims_file_ = entry->path;
        }
    }

    void read_auto_reply() {
        const auto* entry = file(Control::reply_text);
        if (entry == nullptr) {
            if (ims_.has_auto_reply) report_.add(Severity::note, ims_file_, "reply-no-text");
            if (const auto* alone = file(Control::noreply))
                report_.add(Severity::note, alone->path, "noreply-alone");
            return;
        }
        const auto bytes = bytes_of(entry);
        if (!bytes) return;
        const auto text = decode_text(*bytes);
        if (!text) {
            report_.add(Severity::refused, entry->path, "text-undecodable");
            return;
        }
        AutoReplySettings settings;
        settings.from = ims_.reply_from;
        settings.subject = ims_.subject.empty() ? "Automatic reply" : ims_.subject;
        for (const auto line : split_lines(text->text)) append(settings.text, line, '\n');
        settings.echo = ims_.echo_message;
        settings.once_per_sender = ims_.record_replies;
        settings.min_interval_hours = ims_.record_replies ? 0 : kReplyIntervalHours;
        settings.noreply = list_of(file(Control::noreply), true);
        report_.add(Severity::note, entry->path, "text-charset", {std::string(text->charset)});
        if (!ims_.record_replies)
            report_.add(Severity::changed, entry->path, "reply-interval",
                        {cat(kReplyIntervalHours)});
        if (ims_.echo_message && ims_.delete_header)
            report_.add(Severity::changed, ims_file_, "reply-echo-header");
        report_.add(Severity::person, entry->path, "reply-disabled");
        put("autoreply", entry->path, to_json(settings));
    }

    void read_forward() {
        ForwardSettings settings;
        for (const auto& target : ims_.forward_to) add_forward(target, settings.to);
        settings.keep = !ims_.discard;
        settings.permit_from = list_of(file(Control::permit_from), true);
        if (settings.to.empty()) {
            if (ims_.discard)
                report_.add(Severity::person, ims_file_, ims_.discard_line, "discard-alone");
            if (!settings.permit_from.empty())
                report_.add(Severity::note, file(Control::permit_from)->path,
                            "permit-without-forward");
            return;
        }
        std::string targets;
        for (const auto& to : settings.to) append(targets, targets.empty() ? "" : ", ", to);
        report_.add(Severity::person, ims_file_, "forward-disabled", {targets});
        put("forward", ims_file_, to_json(settings));
    }

    void add_forward(const Located& target, std::vector<std::string>& to) {
        const bool is_list =
            target.text.size() > kListFile.size() &&
            equals_ignoring_case(std::string_view(target.text).substr(0, kListFile.size()),
                                 kListFile);
        if (!is_list) {
            if (mail::parse_address(target.text))
                to.push_back(target.text);
            else
                report_.add(Severity::person, ims_file_, target.line, "not-an-address",
                            {target.text});
            return;
        }
        // The path is one of the old machine: only its last part says anything here.
        const auto name = base_name(std::string_view(target.text).substr(kListFile.size()));
        const auto* entry = name.empty() ? nullptr : find_ignoring_case(entries_, name);
        if (entry == nullptr || entry->kind != EntryKind::file) {
            report_.add(Severity::person, ims_file_, target.line, "forward-no-list", {target.text});
            return;
        }
        used_.push_back(entry);
        for (auto& address : list_of(entry, false)) to.push_back(std::move(address));
    }

    void read_password() {
        const auto* entry = file(Control::password);
        const auto bytes = bytes_of(entry);
        if (!bytes || bytes->empty()) return;
        if (bytes->front() == '\xff') {
            report_.add(Severity::person, entry->path, "password-obfuscated");
            return;
        }
        const auto lines = split_lines(*bytes);
        if (lines.front().empty()) return;
        if (!is_password_text(lines.front())) {
            report_.add(Severity::person, entry->path, 1, "password-not-text");
            return;
        }
        take_password(account_, std::string(lines.front()), entry->path, report_);
    }

    void read_size() {
        const auto* entry = file(Control::size);
        const auto bytes = bytes_of(entry);
        if (!bytes) return;
        const auto limit = parse_number(*bytes);
        if (!limit) {
            report_.add(Severity::person, entry->path, "size-not-number",
                        {verbatim(trim_white(*bytes))});
            return;
        }
        if (account_.quota_bytes && *account_.quota_bytes != *limit)
            report_.add(Severity::changed, entry->path, "size-differs",
                        {cat(*account_.quota_bytes), cat(*limit)});
        account_.quota_bytes.reset();
        if (*limit != 0) account_.quota_bytes = *limit;
    }

    void read_destinations() {
        const auto* entry = file(Control::destinations);
        const auto bytes = bytes_of(entry);
        if (!bytes) return;
        const auto rules = parse_sender_dat(*bytes, entry->path, report_);
        if (!rules.empty()) put("destinations", entry->path, destinations_json(rules));
    }

    void read_filter() {
        const auto* entry = file(Control::filter);
        const auto bytes = bytes_of(entry);
        if (!bytes) return;
        const auto rules = parse_mail_dat(*bytes, entry->path, report_);
        if (!rules.empty()) put("filter", entry->path, filter_json(rules));
    }

    // Files that have a purpose, but no setting here: line by line, as they stand.
    void report_lines(Control control, std::string_view code) {
        const auto* entry = file(control);
        const auto bytes = bytes_of(entry);
        if (!bytes) return;
        std::uint64_t number = 0;
        for (const auto line : split_lines(*bytes)) {
            ++number;
            if (trim_white(line).empty()) continue;
            const bool odd = control == Control::effect && !is_effect_line(trim_white(line));
            report_.add(Severity::person, entry->path, number, odd ? "effect-unreadable" : code,
                        {verbatim(trim_white(line))});
        }
    }

    void report_rest() {
        report_lines(Control::effect, "effect-line");
        report_lines(Control::virus, "virus-line");
        report_lines(Control::use_time, "use-time-line");
        if (const auto* entry = file(Control::replied))
            report_.add(Severity::note, entry->path, "replied-ignored");
        for (const auto& entry : entries_) {
            const bool used = std::find(used_.begin(), used_.end(), &entry) != used_.end();
            if (entry.kind == EntryKind::special)
                report_.add(Severity::refused, entry.path, "special-file");
            else if (entry.kind == EntryKind::file && !used && !is_mail_name(entry.name()))
                report_.add(Severity::person, entry.path, "file-unknown");
        }
    }

    const Tree& tree_;
    const std::vector<Entry>& entries_;
    Account& account_;
    AccountReport& report_;
    std::map<Control, const Entry*> files_;
    std::vector<const Entry*> used_;
    ImsCtl ims_;
    std::string ims_file_;
};

}  // namespace

void read_controls(const Tree& tree, const std::vector<Entry>& entries, Account& account,
                   AccountReport& report) {
    Controls(tree, entries, account, report).run();
}

void take_password(Account& account, std::string password, std::string_view file,
                   AccountReport& report) {
    if (!account.password) {
        account.password = std::move(password);
        report.add(Severity::note, file, "password-from-apop");
    } else if (*account.password != password) {
        account.app_password = std::move(password);
        report.add(Severity::note, file, "password-for-submission");
    }
}

}  // namespace tayori::legacy::epost
