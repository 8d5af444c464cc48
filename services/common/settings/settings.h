// Settings of all programs: tayori.toml, and TAYORI__SECTION__KEY of the environment over it.
//
//   int main(int argc, char** argv) {
//       const auto settings = settings::load_or_exit("smtpd", argc, argv);
//       ... settings.smtpd.message_bytes_max, settings.site.hostname, settings.path(settings.tls.key) ...
//
// Every program checks the whole file. An unknown key or a wrong value stops the start, naming file, line and what
// would be right.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/settings/carriers.h"
#include "common/settings/fetch.h"
#include "common/settings/imapd.h"
#include "common/settings/outbound.h"
#include "common/settings/plugins.h"
#include "common/settings/pop3d.h"
#include "common/settings/signing.h"
#include "common/settings/site.h"
#include "common/settings/smtpd.h"
#include "common/settings/spoold.h"

namespace tayori::settings {

struct Settings {
    Site site;
    Log log;
    Metrics metrics;
    Tls tls;
    Auth auth;
    Spoold spoold;
    Store store;
    Backup backup;
    BackupS3 backup_s3;
    Accounts accounts;
    Imap4 imap4;
    Smtpd smtpd;
    Carriers carriers;
    Signing signing;
    Dns dns;
    Imapd imapd;
    Pop3d pop3d;
    Fetch fetch;
    Outbound outbound;
    Plugins plugins;
    Trace trace;
    Test test;

    // A path of the settings; a relative one is under site.data_dir.
    std::string path(std::string_view configured) const;
    // The same for an address: a relative unix path is under site.data_dir.
    Endpoint resolve(const Endpoint& endpoint) const;
};

using Environment = std::map<std::string, std::string>;
Environment process_environment();

// `path` empty: no file. On failure the error's text has one line for each problem, in the order of the file:
// `tayori.toml:12: smtpd.bare_newline = "maybe": write "reject" or "normalize"`.
Result<Settings> load(const std::string& path, const Environment& environment);
// The same of a text, for checks before it is saved; `name` stands for the file in messages.
Result<Settings> load_text(std::string_view toml, const std::string& name, const Environment& environment);

// The file a program reads: --config FILE, else TAYORI_CONFIG, else /etc/tayori/tayori.toml where it exists, else none.
std::string config_path(int argc, char** argv, const Environment& environment);

// For main(): --version, --help, --config FILE; sets up the log. Problems go to standard error, exit status 78
// (EX_CONFIG), which the supervisor shows.
Settings load_or_exit(std::string_view program, int argc, char** argv);

enum class Which { all, changed };
// `adminctl config show`: the settings in force, as TOML.
std::string show(const Settings& settings, Which which);
// docs/settings.md: every documented key with type, default, bounds and meaning. A unit test keeps the file true.
std::string documentation();

}  // namespace tayori::settings
