// Old servers in memory: what they are told, and what they say to it.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/base/text.h"
#include "common/legacy/live/link.h"

namespace tayori::legacy {

// Answers each line at once, in small pieces. A handler that gives nothing ends the connection.
class ScriptedLink final : public Link {
  public:
    using Answer = std::function<std::optional<std::string>(const std::string& line)>;
    explicit ScriptedLink(Answer answer, std::string first = {}, std::size_t piece = 7)
        : answer_(std::move(answer)), out_(std::move(first)), piece_(piece) {}

    Result<void> send(std::string_view bytes) override {
        in_ += bytes;
        for (auto end = in_.find("\r\n"); end != std::string::npos; end = in_.find("\r\n")) {
            const auto line = in_.substr(0, end);
            in_.erase(0, end + 2);
            auto said = closed_ ? std::nullopt : answer_(line);
            if (said)
                out_ += *said;
            else
                closed_ = true;
        }
        return {};
    }
    Result<std::string> receive() override {
        if (out_.empty()) return fail(Kind::closed, "The connection to the server is lost.");
        auto piece = out_.substr(0, piece_);
        out_.erase(0, piece.size());
        return piece;
    }

  private:
    Answer answer_;
    std::string in_;
    std::string out_;
    const std::size_t piece_;
    bool closed_ = false;
};

struct OldMail {
    std::uint32_t uid = 0;
    std::string flags;
    std::string bytes;
    std::string date = "17-Jul-2017 02:44:25 +0900";
};

inline std::string old_letter(const std::string& id, const std::string& text = "x") {
    return cat("From: a@b.test\r\nMessage-ID: <", id, "@b.test>\r\nDate: Fri, 14 Jul 2017 11:40:00 +0900\r\n\r\n", text,
               "\r\n");
}

struct OldImap {
    std::string list = "* LIST () \"/\" INBOX\r\n";
    std::string lsub = "* LSUB () \"/\" INBOX\r\n";
    std::string name_space;  // a response
    std::map<std::string, std::vector<OldMail>> folders;
    std::uint32_t uid_validity = 7;
    std::vector<std::string> said;  // by the client
    std::uint32_t dies_at = 0;      // UID
    unsigned deaths = 0;            // as often
    unsigned connections = 0;
    bool merges = false;  // commands that wait: all their bodies, then all their answers

    std::unique_ptr<Link> connect() {
        ++connections;
        examined_.clear();
        return std::make_unique<ScriptedLink>([this](const std::string& line) { return answer(line); });
    }

  private:
    static std::string literal(const std::string& bytes) { return cat('{', bytes.size(), "}\r\n", bytes); }

    std::optional<std::string> answer(const std::string& line) {
        said.push_back(line);
        const auto tag = line.substr(0, line.find(' '));
        const auto command = line.substr(tag.size() + 1);
        const auto ok = cat(tag, " OK done\r\n");
        if (command == "CAPABILITY")
            return cat("* CAPABILITY IMAP4rev1", name_space.empty() ? "" : " NAMESPACE", "\r\n", ok);
        if (command == "NAMESPACE") return name_space + ok;
        if (command.starts_with("LIST")) return list + ok;
        if (command.starts_with("LSUB")) return lsub + ok;
        if (command.starts_with("EXAMINE")) {
            examined_ = command.substr(9, command.size() - 10);
            const auto& mails = folders[examined_];
            return cat("* ", mails.size(), " EXISTS\r\n* OK [UIDVALIDITY ", uid_validity, "] ok\r\n* OK [UIDNEXT ",
                       mails.empty() ? 1 : mails.back().uid + 1, "] next\r\n", ok);
        }
        if (command.starts_with("UID FETCH 1:*")) return listing(command.find("HEADER") != std::string::npos) + ok;
        if (command.starts_with("UID FETCH "))
            return body(static_cast<std::uint32_t>(std::stoul(command.substr(10))), ok);
        return cat("* BYE\r\n", ok);
    }
    std::string listing(bool header) {
        std::string out;
        std::size_t number = 0;
        for (const auto& mail : folders[examined_]) {
            append(out, "* ", ++number, " FETCH (UID ", mail.uid, " FLAGS (", mail.flags, ") INTERNALDATE \"",
                   mail.date, "\" RFC822.SIZE ", mail.bytes.size());
            const auto end = mail.bytes.find("\r\n\r\n");
            if (header) append(out, " BODY[HEADER.FIELDS (MESSAGE-ID DATE)] ", literal(mail.bytes.substr(0, end + 4)));
            out += ")\r\n";
        }
        return out;
    }
    std::optional<std::string> body(std::uint32_t uid, const std::string& ok) {
        if (merges) {
            held_ += ok;
            for (const auto& mail : folders[examined_])
                if (mail.uid == uid) append(merged_, "* 1 FETCH (UID ", uid, " BODY[] ", literal(mail.bytes), ")\r\n");
            return uid == folders[examined_].back().uid ? std::exchange(merged_, {}) + std::exchange(held_, {}) : "";
        }
        if (uid == dies_at && deaths > 0) {
            --deaths;
            return std::nullopt;
        }
        for (const auto& mail : folders[examined_])
            if (mail.uid == uid) return cat("* 1 FETCH (UID ", uid, " BODY[] ", literal(mail.bytes), ")\r\n", ok);
        return ok;
    }
    std::string examined_;
    std::string merged_;
    std::string held_;
};

struct OldPop3 {
    struct Mail {
        std::string uidl;
        std::string bytes;
    };
    std::vector<Mail> mails;
    bool pipelining = false;
    bool top = true;
    std::vector<std::string> said;

    std::unique_ptr<Link> connect() {
        return std::make_unique<ScriptedLink>([this](const std::string& line) { return answer(line); });
    }

  private:
    static std::string stuffed(const std::string& bytes) {
        std::string out = cat("+OK\r\n", bytes);
        for (auto at = out.find("\r\n."); at != std::string::npos; at = out.find("\r\n.", at + 3))
            out.insert(at + 2, ".");
        return out + ".\r\n";
    }
    std::optional<std::string> answer(const std::string& line) {
        said.push_back(line);
        std::string out = "+OK\r\n";
        if (line == "CAPA") return pipelining ? "+OK\r\nPIPELINING\r\nTOP\r\n.\r\n" : "-ERR\r\n";
        if (line == "QUIT") return out;
        if (line == "LIST" || line == "UIDL") {
            for (std::size_t i = 0; i < mails.size(); ++i)
                append(out, i + 1, ' ', line == "LIST" ? cat(mails[i].bytes.size()) : mails[i].uidl, "\r\n");
            return out + ".\r\n";
        }
        const auto number = static_cast<std::size_t>(std::stoul(line.substr(line.find(' ') + 1)));
        const auto& bytes = mails.at(number - 1).bytes;
        if (line.starts_with("TOP") && !top) return "-ERR\r\n";
        if (line.ends_with(" 0")) return stuffed(bytes.substr(0, bytes.find("\r\n\r\n") + 4));
        return stuffed(bytes);
    }
};

}  // namespace tayori::legacy
