// Every limit of the mail parsers. What passes one is cut or shown as opaque, never an error: a
// mail that was accepted must stay readable. All parsers take time linear in their input.
#pragma once

#include <cstddef>

namespace tayori::mail {

// RFC 5321 §4.5.3.1: what we must at least take is also what we take at most.
inline constexpr std::size_t kLocalPartBytesMax = 64;
inline constexpr std::size_t kDomainBytesMax = 255;
inline constexpr std::size_t kLabelBytesMax = 63;  // RFC 1035 §2.3.4

inline constexpr std::size_t kHeaderBytesMax =
    256 * 1024;  // of one part's header, looked at for fields
inline constexpr std::size_t kFieldNameBytesMax = 998;  // a line, RFC 5322 §2.1.1
inline constexpr std::size_t kFieldBytesMax =
    64 * 1024;                                      // of one field's value, looked at for meaning
inline constexpr std::size_t kAddressesMax = 1000;  // of one address field

inline constexpr std::size_t kMimeDepthMax = 100;   // parts within parts; deeper ones are opaque
inline constexpr std::size_t kMimePartsMax = 1000;  // of one message; the last one keeps the rest
inline constexpr std::size_t kBoundaryBytesMax = 256;   // RFC 2046 §5.1.1 allows 70
inline constexpr std::size_t kMediaTypeBytesMax = 127;  // RFC 6838 §4.2
inline constexpr std::size_t kParamsMax = 64;  // of one Content-Type or Content-Disposition
inline constexpr std::size_t kBodyStructureBytesMax =
    512 * 1024;                                       // optional strings past it become NIL
inline constexpr std::size_t kQuotedBytesMax = 1000;  // longer IMAP strings are sent as literals

inline constexpr std::size_t kSummaryHeaderBytesMax = 16 * 1024;  // raw header kept in the summary
inline constexpr std::size_t kReferencesMax = 100;  // thread ids kept: the first and the last ones
inline constexpr std::size_t kMessageIdBytesMax = 998;
inline constexpr std::size_t kSubjectKeyBytesMax = 1024;

inline constexpr std::size_t kCharsetLabelBytesMax = 64;
inline constexpr std::size_t kConvertersMax = 8;  // of ICU, kept open per thread
inline constexpr std::size_t kTextBlockBytes =
    256 * 1024;  // of a body, converted at once for searching

inline constexpr std::size_t kMailboxNameBytesMax = 1000;  // of UTF-8, all levels together
inline constexpr std::size_t kMailboxLevelsMax = 50;

inline constexpr std::size_t kDkimFieldsMax = 200;  // named in h=; a mail with more is not signed
inline constexpr std::size_t kSignatureColumns = 76;  // of folded lines of a signature

inline constexpr std::size_t kSrsLocalPartBytesMax =
    200;  // whole addresses lie in it, so RFC 5321 §4.5.3.1.1 can't be kept
inline constexpr std::size_t kPathBytesMax = 254;  // RFC 5321 §4.5.3.1.3, less "<" and ">"

}  // namespace tayori::mail
