#include "adminctl/outside/hosts.h"

#include "common/base/text.h"

namespace tayori::admin {
namespace {

constexpr std::size_t kStringBytesMax = 255;  // of a TXT record (RFC 1035 §3.3)

Result<void> add_texts(Resolver& resolver, const std::string& name, DnsType type, std::vector<std::string>& out) {
    auto records = resolver.ask(name, type);
    if (!records && records.error().kind != Kind::not_found) return fail(std::move(records.error()));
    for (auto& record : records ? *records : std::vector<DnsRecord>()) out.push_back(std::move(record.text));
    return {};
}

}  // namespace

Result<std::vector<std::string>> addresses_of(Resolver& resolver, const std::string& host) {
    std::vector<std::string> out;
    for (const auto type : {DnsType::a, DnsType::aaaa})
        if (auto added = add_texts(resolver, host, type, out); !added) return fail(std::move(added.error()));
    return out;
}

Result<std::vector<std::string>> names_of(Resolver& resolver, const std::string& address) {
    std::vector<std::string> out;
    if (auto added = add_texts(resolver, reverse_name(address), DnsType::ptr, out); !added)
        return fail(std::move(added.error()));
    return out;
}

std::string joined_texts(const std::vector<std::string>& texts) {
    std::string out;
    for (const auto& text : texts) append(out, out.empty() ? "" : ", ", text);
    return out;
}

std::string joined_texts(const std::vector<DnsRecord>& records) {
    std::vector<std::string> texts;
    for (const auto& record : records) texts.push_back(record.text);
    return joined_texts(texts);
}

std::string zone_line(std::string_view name, std::string_view type, std::string_view data, std::uint32_t ttl_s) {
    return cat(name, ". ", ttl_s > 0 ? cat(ttl_s, ' ') : "", "IN ", type, ' ', data);
}

std::string address_line(std::string_view name, std::string_view address, std::uint32_t ttl_s) {
    return zone_line(name, address.find(':') == std::string_view::npos ? "A" : "AAAA", address, ttl_s);
}

std::string mx_line(std::string_view domain, std::string_view host, std::uint32_t ttl_s) {
    return zone_line(domain, "MX", cat("10 ", host, '.'), ttl_s);
}

std::string ptr_line(std::string_view address, std::string_view host) {
    return zone_line(reverse_name(address), "PTR", cat(host, '.'));
}

std::string txt_line(std::string_view name, std::string_view text) {
    std::string data;
    do {
        append(data, data.empty() ? "" : " ", '"');
        for (const char c : text.substr(0, kStringBytesMax)) {
            if (c == '"' || c == '\\') data += '\\';
            data += c;
        }
        data += '"';
        text.remove_prefix(std::min(kStringBytesMax, text.size()));
    } while (!text.empty());
    return zone_line(name, "TXT", data);
}

}  // namespace tayori::admin
