// DKIM (RFC 6376, RFC 8463): what is signed of a mail, and how the field looks. Canonicalisation is relaxed/relaxed, the whole
// body is signed (no l=), hashes are SHA-256. Who signs is not known here.
//
//   DkimMail mail;
//   mail.push(piece); …                                    // as it goes on the wire, but for dot-stuffing
//   mail.finish();
//   if (!mail.author()) …                                   // nobody to sign for
//   auto field = mail.field_for(key, times);
//   auto line = signed_field(field->text, signature of field->sha256);
//
// A bare LF is a line end and a bare CR a space, as in whatever smtpd has accepted or sends.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/crypto/crypto.h"

namespace tayori::mail {

// The body in relaxed form (RFC 6376 §3.4.4), however it is cut into pieces. Empty where there are only blank lines.
class RelaxedBody {
  public:
    using Sink = std::function<void(std::string_view)>;
    explicit RelaxedBody(Sink sink) : sink_(std::move(sink)) {}
    void push(std::string_view piece);
    void finish();  // once

  private:
    void end_line();
    void text(std::string_view run);
    void put(std::string_view bytes);

    static constexpr std::size_t kBufferBytes = 16 * 1024;
    Sink sink_;
    std::string buffer_;
    std::uint64_t blank_lines_ = 0;  // not written until something follows
    bool line_has_text_ = false;
    bool space_ = false;
    bool after_cr_ = false;
};

// One field with its line end in relaxed form (RFC 6376 §3.4.2).
std::string relaxed_field(std::string_view name, std::string_view value);

// SHA-256 of the named fields, from the last one of each name upwards, and of the unfinished DKIM-Signature, whose "b=" is empty
// (RFC 6376 §3.7). A name that is left over hashes nothing: nobody can add such a field unseen (§5.4.2).
std::string dkim_header_hash(std::string_view header, std::span<const std::string> names, std::string_view unfinished);

enum class DkimAlgorithm { rsa_sha256, ed25519_sha256 };
struct DkimKeyName {
    std::string domain;  // normalised
    std::string selector;
    DkimAlgorithm algorithm = DkimAlgorithm::rsa_sha256;
};
struct DkimTimes {
    std::int64_t signed_s = 0;
    std::int64_t expires_s = 0;  // 0: never
};
struct UnsignedField {
    std::string text;    // "DKIM-Signature: … b="
    std::string sha256;  // what is to be signed
};
// With its signature and line end.
std::string signed_field(std::string_view unsigned_text, std::string_view signature);

// The domain, normalised, of the first address of the From field (RFC 7489 §3.1). None: there is no such field or address, or
// several fields, of which readers may show any.
std::optional<std::string> author_domain(std::string_view header);

// What of this header is signed, in the order of h=: names of fields that are there, and those that must not be added.
std::vector<std::string> dkim_names(std::string_view header);

class DkimMail {
  public:
    DkimMail();
    DkimMail(const DkimMail&) = delete;
    DkimMail& operator=(const DkimMail&) = delete;

    void push(std::string_view piece);
    void finish();  // once; then:

    // Whose keys sign it. None: it is not to be signed.
    const std::optional<std::string>& author() const { return author_; }
    // invalid: no domain for DNS.
    Result<UnsignedField> field_for(const DkimKeyName& key, DkimTimes times) const;

  private:
    std::string header_;
    std::size_t line_begin_ = 0;  // of its last line
    bool in_body_ = false;
    bool too_long_ = false;
    crypto::Sha256 body_hash_;
    RelaxedBody body_;
    std::string body_sha256_;
    std::optional<std::string> author_;
    std::vector<std::string> names_;
};

}  // namespace tayori::mail
