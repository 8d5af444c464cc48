// The DNS as a table.
#pragma once

#include <map>
#include <set>

#include "adminctl/outside/resolver.h"

namespace tayori::admin {

class TableResolver final : public Resolver {
  public:
    Result<std::vector<DnsRecord>> ask(const std::string& name, DnsType type) override {
        ++asked;
        if (broken.contains(name)) return fail(Kind::busy, "The DNS did not answer.", trouble);
        const auto at = records.find({name, type});
        if (at != records.end()) return at->second;
        for (const auto& [key, value] : records)
            if (key.first == name) return std::vector<DnsRecord>();
        return fail(Kind::not_found, "no such name");
    }
    bool answers_unvalidated(const std::string&, DnsType) override { return bogus; }
    void add(const std::string& name, DnsType type, const std::string& text, std::uint16_t preference = 0,
             std::uint32_t ttl = 300) {
        records[{name, type}].push_back({ttl, preference, text, {text}});
    }
    std::map<std::pair<std::string, DnsType>, std::vector<DnsRecord>> records;
    std::set<std::string> broken;
    std::string trouble;
    bool bogus = false;
    unsigned asked = 0;
};

}  // namespace tayori::admin
