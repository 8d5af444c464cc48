// Does what the lines of a test say: `mail from …`, `RCPT TO:<…>`, `quota 81%`, `later 8 days` (docs/plugins.md lists them).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adminctl/plugin/stage.h"
#include "adminctl/plugin/test_file.h"

namespace tayori::admin::kit {

class Player {
  public:
    // `directory`: where files of mails that a test names lie.
    Player(std::shared_ptr<const lua::Plugin> plugin, std::string directory);

    // invalid: the line makes no sense; says what would.
    Result<Outcome> play(const Step& step);
    // The mail before, with what a row of a table says is different, as if nothing had happened before it.
    Result<Outcome> play(const TableRow& row);

  private:
    struct Incoming {
        Envelope envelope;
        std::string content;
    };
    struct Session {
        std::string peer = "192.0.2.1", helo = "client.example", sender;
        std::string protocol = "smtp";
        bool logged_in = false;
        bool tls = true;
        std::uint64_t declared_size = 0;
        std::vector<std::string> accepted;
    };
    using Words = std::vector<std::string>;

    Result<Outcome> settings(const Step& step, const Words& words);
    Result<Outcome> account(const Step& step, const Words& words);
    Result<Outcome> now(const Step& step, const Words& words);
    Result<Outcome> later(const Step& step, const Words& words);
    Result<Outcome> mail(const Step& step, const Words& words);
    Result<Outcome> append(const Step& step, const Words& words);
    Result<Outcome> connect(const Step& step, const Words& words);
    Result<Outcome> login(const Step& step, const Words& words);
    Result<Outcome> greet(const Step& step, const Words& words);
    Result<Outcome> mail_from(const Step& step, const Words& words);
    Result<Outcome> rcpt_to(const Step& step, const Words& words);
    Result<Outcome> store(const Step& step, const Words& words);
    Result<Outcome> expunge(const Step& step, const Words& words);
    Result<Outcome> quota(const Step& step, const Words& words);
    Result<Outcome> daily(const Step& step, const Words& words);
    Result<Outcome> report(const Step& step, const Words& words);

    Result<std::string> content_of(const Step& step, const Words& words) const;
    std::string completed(std::string mail, const Envelope& envelope);
    Outcome session_hook(lua::Hook hook, bool outgoing, const std::string& recipient);
    Outcome run(lua::Job job) { return stage_.run(std::move(job), true); }

    std::shared_ptr<const lua::Plugin> plugin_;
    std::string directory_;
    Stage stage_;
    Session session_;
    Incoming last_;
    int zone_minutes_ = 0;
    unsigned mails_ = 0;
};

}  // namespace tayori::admin::kit
