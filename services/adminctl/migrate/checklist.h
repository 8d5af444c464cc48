// What has to be so before, at and after the switch of a domain's MX to this site, looked at where it can be seen.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "adminctl/outside/ports.h"
#include "adminctl/outside/resolver.h"
#include "common/base/result.h"
#include "common/legacy/report.h"
#include "tayori/spool/v1/directory.pb.h"
#include "tayori/spool/v1/import.pb.h"

namespace tayori::admin {

inline constexpr std::uint32_t kSwitchTtlS = 3600;  // above it a switch takes too long to be seen everywhere
inline constexpr std::uint32_t kWantedTtlS = 300;

enum class CheckVerdict { ok, todo, wrong };
struct CheckLine {
    CheckVerdict verdict = CheckVerdict::ok;
    std::string code;     // "mx", "spf", "port-imaps": for programs
    std::string subject;  // what was looked at
    std::string is;
    std::string should;   // of todo and wrong
    std::string publish;  // the record, or the command
};

// What is known here; filled in by the command.
struct SiteFacts {
    std::string domain;
    std::string host;                    // this site's name outside
    std::vector<std::string> addresses;  // its addresses; empty: those of the host in the DNS
    std::optional<spool::v1::Domain> known;
    bool has_postmaster = false;
    std::vector<spool::v1::ImportAccount> imported;  // accounts of the domain, each with its latest state
    std::vector<spool::v1::ImportAccount> live;      // those of a server that still ran
    std::int64_t now_s = 0;
    std::int64_t age_max_s = 0;  // of the last delta
};

std::vector<CheckLine> check_site(const SiteFacts& facts, legacy::Language language);
// Fills in facts.addresses where there are none.
std::vector<CheckLine> check_dns(Resolver& resolver, SiteFacts& facts, legacy::Language language);
std::vector<CheckLine> check_ports(const SiteFacts& facts, const std::vector<MailPort>& ports,
                                   const std::string& ca_file, legacy::Language language);

std::string checklist_text(const std::vector<CheckLine>& lines, legacy::Language language);
std::string checklist_json(const std::vector<CheckLine>& lines);

}  // namespace tayori::admin
