// One look at a domain: what is known of it beforehand, the DNS as it is asked, and what is found. Each check is a function
// that takes the exam; what one finds and another needs stands in Exam.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "adminctl/doctor/finding.h"
#include "adminctl/outside/hosts.h"
#include "adminctl/outside/ports.h"
#include "adminctl/outside/resolver.h"
#include "common/settings/value.h"

namespace tayori::admin {

inline constexpr std::size_t kQuestionsMax = 1'000;  // to one resolver
inline constexpr std::size_t kMailHostsMax = 20;     // of an MX that are looked at
inline constexpr std::size_t kPortQuestionsMax = 128;

// A key that mail of the domain is signed with.
struct KeyInUse {
    std::string selector;
    std::string record;  // the TXT that is to be published; empty: not known
};

enum class Known { unknown, no, yes };
enum class Looks { dns_only, dns_and_ports };

struct Patient {
    std::string domain;                  // lower case, without a last dot
    std::string host;                    // the name of the server it is to be at; empty: not known
    std::vector<std::string> addresses;  // that mail goes out from; empty: those of the host
    Known is_here = Known::unknown;      // a domain of this site?
    std::vector<KeyInUse> keys;
    std::vector<settings::Network> allowed;  // networks that are not to be complained of as internal
    std::vector<MailPort> ports = mail_ports();
    std::uint16_t https_port = 443;
    std::string ca_file;
    Looks looks = Looks::dns_and_ports;
    bool moving = false;  // the MX is to change soon: its TTL has to be short
    std::int64_t now_s = 0;
};

// Another resolver, to compare with.
struct OtherView {
    std::string name;
    std::unique_ptr<Resolver> resolver;
};

struct MailHost {
    std::string name;
    std::vector<std::string> addresses;
};

class Exam {
  public:
    Exam(const Patient& patient, Resolver& resolver) : patient_(patient), resolver_(resolver) {
        diagnosis_.domain = patient.domain;
    }

    const Patient& patient() const { return patient_; }
    Resolver& resolver() { return resolver_; }
    Diagnosis take() { return std::move(diagnosis_); }

    struct Answer {
        bool heard = false;   // false: told already
        bool exists = false;  // the name
        std::vector<DnsRecord> records;
    };
    Answer ask(const std::string& name, DnsType type);
    std::vector<std::string> addresses(const std::string& name);
    // The texts at `name` that `wanted` takes.
    std::vector<DnsRecord> texts(const std::string& name, bool (*wanted)(std::string_view));

    void find(std::string_view id, std::string subject, std::vector<std::string> values = {}, std::string publish = {});
    void find_as(Severity severity, std::string_view id, std::string subject, std::vector<std::string> values = {},
                 std::string publish = {});
    void sound(std::string subject, std::string is) { diagnosis_.sound.push_back({std::move(subject), std::move(is)}); }
    // An address that nobody outside can reach, and that nobody said to be right here.
    bool is_internal_address(const std::string& address) const;

    std::vector<MailHost> mail_hosts;  // of the MX, or the domain itself
    bool takes_no_mail = false;        // a null MX
    bool host_is_usable = false;       // it is known, a host's name, and has addresses
    std::vector<std::string> senders;  // addresses that mail goes out from, as far as known
    bool senders_are_guessed = false;  // they are only those of the MX
    bool spf_passes = false;
    bool dkim_passes = false;
    std::vector<PortQuestion> more_ports;  // that SRV records point to

  private:
    const Patient& patient_;
    Resolver& resolver_;
    Diagnosis diagnosis_;
};

// In this order. False: there is nothing more to be seen.
bool examine_domain(Exam& exam);
void examine_mx(Exam& exam);
void examine_host(Exam& exam);
void examine_reverse(Exam& exam);
void examine_spf(Exam& exam);
void examine_dkim(Exam& exam);
void examine_dmarc(Exam& exam);
void examine_sts(Exam& exam);
void examine_tls_rpt(Exam& exam);
void examine_srv(Exam& exam);
void examine_servers(Exam& exam);
void compare_views(Exam& exam, const std::vector<OtherView>& others);

Diagnosis examine(const Patient& patient, Resolver& resolver, const std::vector<OtherView>& others);

}  // namespace tayori::admin
