#include "smtpd/outbound/dkim_signer.h"

#include <vector>

namespace tayori::smtp {
namespace {

constexpr std::int64_t kSignatureDayS = 86'400;
constexpr const char* kNotSigned = "The mail cannot be signed at present.";

}  // namespace

mail::DkimTimes dkim_times(std::int64_t now_s, std::uint32_t expire_days) {
    return {now_s, expire_days == 0 ? 0 : now_s + std::int64_t{expire_days} * kSignatureDayS};
}

Async<std::string> DkimSigner::finish() {
    mail_.finish();
    std::vector<std::string> fields;
    rpc::v1::SignDkim request;
    for (const auto& key : keys_.keys()) {
        if (!mail_.author() || key.domain() != *mail_.author()) continue;
        mail::DkimKeyName name{key.domain(), key.selector(), mail::DkimAlgorithm::rsa_sha256};
        if (key.algorithm() == rpc::v1::DKIM_ALGORITHM_ED25519_SHA256) name.algorithm = mail::DkimAlgorithm::ed25519_sha256;
        auto field = mail_.field_for(name, times_);
        if (!field) co_await fail(Kind::busy, kNotSigned, std::move(field.error().text));
        auto& digest = *request.add_digests();
        digest.set_domain(key.domain());
        digest.set_selector(key.selector());
        digest.set_sha256(std::move(field->sha256));
        fields.push_back(std::move(field->text));
    }
    if (fields.empty()) co_return std::string();
    auto reply = co_await spool_.call(std::move(request)).result();
    // A key that has gone meanwhile: the next lease names others.
    if (!reply) co_await fail(Kind::busy, kNotSigned, std::move(reply.error().text));
    if (static_cast<std::size_t>(reply->signatures_size()) != fields.size())
        co_await fail(Kind::busy, kNotSigned, "spoold answered with another number of signatures");
    std::string lines;
    for (std::size_t i = 0; i < fields.size(); ++i)
        lines += mail::signed_field(fields[i], reply->signatures(static_cast<int>(i)));
    co_return lines;
}

}  // namespace tayori::smtp
