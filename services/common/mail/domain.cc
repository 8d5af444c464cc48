// Domains and IDNA (UTS #46, nontransitional as IDNA2008 has it).
#include <unicode/bytestream.h>
#include <unicode/idna.h>

#include "common/base/text.h"
#include "common/mail/address.h"
#include "common/mail/charset.h"
#include "common/mail/limits.h"

namespace tayori::mail {
namespace {

const icu::IDNA* uts46() {
    static const icu::IDNA* const made = [] {
        UErrorCode status = U_ZERO_ERROR;
        auto* idna = icu::IDNA::createUTS46Instance(UIDNA_NONTRANSITIONAL_TO_ASCII |
                                                        UIDNA_NONTRANSITIONAL_TO_UNICODE |
                                                        UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ,
                                                    status);
        return U_SUCCESS(status) ? idna : nullptr;
    }();
    return made;
}

enum class Form { unicode, ascii };

Result<std::string> convert(std::string_view domain, Form form) {
    if (domain.size() > 1 && domain.back() == '.') domain.remove_suffix(1);
    if (domain.size() > kDomainBytesMax) return fail(Kind::invalid, "Domain too long.");
    auto lower = to_lower(domain);
    if (lower.starts_with('[')) return lower;
    if (is_ascii(lower) && lower.find("xn--") == std::string::npos) return lower;
    if (uts46() == nullptr) return fail(Kind::internal, "Domain can't be read.", "no IDNA data");
    std::string out;
    icu::StringByteSink<std::string> sink(&out);
    icu::IDNAInfo info;
    UErrorCode status = U_ZERO_ERROR;
    const icu::StringPiece piece(lower.data(), static_cast<int32_t>(lower.size()));
    if (form == Form::unicode)
        uts46()->nameToUnicodeUTF8(piece, sink, info, status);
    else
        uts46()->nameToASCII_UTF8(piece, sink, info, status);
    if (U_FAILURE(status) || info.hasErrors() || out.empty())
        return fail(Kind::invalid, "Bad international domain.");
    return out;
}

}  // namespace

Result<std::string> normalize_domain(std::string_view domain) {
    return convert(domain, Form::unicode);
}
Result<std::string> ascii_domain(std::string_view domain) { return convert(domain, Form::ascii); }

}  // namespace tayori::mail
