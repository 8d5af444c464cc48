// Every limit of imapd that is no setting. What passes one gets the RFC's answer, never an endless
// wait or more memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tayori::imap {

// Commands. RFC 7162 §4 wants lines of at least 8192 octets to be read; sets of UIDs of big folders
// are longer.
inline constexpr std::size_t kCommandBytesMax =
    128 * 1024;  // all lines and literals of one command, less APPEND's
inline constexpr std::size_t kCommandBytesBeforeLogin = 16 * 1024;
inline constexpr std::size_t kLiteralBytesMax = 64 * 1024;  // of one argument
inline constexpr std::size_t kLiteralMinusBytesMax = 4096;  // RFC 7888 §5
inline constexpr std::size_t kLiteralsMax = 200;            // of one command
inline constexpr std::size_t kLineDiscardMax =
    64 * 1024 * 1024;  // of a line or literal above its limit; then BYE
inline constexpr std::size_t kTagBytesMax = 256;
inline constexpr int kBadCommandsMax = 20;                   // in a row; then BYE
inline constexpr int kLoginFailuresMax = 5;                  // of one connection; then BYE
inline constexpr std::size_t kSaslLineBytesMax = 16 * 1024;  // one response of AUTHENTICATE

// Arguments.
inline constexpr std::size_t kListDepthMax = 50;       // parentheses within parentheses
inline constexpr std::size_t kSearchKeysMax = 1000;    // of one SEARCH
inline constexpr std::size_t kSectionDepthMax = 100;   // BODY[1.2.3…]; mail::kMimeDepthMax
inline constexpr std::size_t kSectionFieldsMax = 100;  // HEADER.FIELDS (…)
inline constexpr std::size_t kBodyItemsMax = 50;       // BODY[…] in one FETCH
inline constexpr std::size_t kFlagsMax = 100;          // in one flag list
inline constexpr std::size_t kKeywordBytesMax = 255;
inline constexpr std::size_t kPatternsMax = 50;  // of one LIST
inline constexpr std::size_t kPatternBytesMax = 1000;
inline constexpr std::size_t kIdPairsMax = 30;  // RFC 2971 §3.3
inline constexpr std::size_t kIdFieldBytesMax = 30;
inline constexpr std::size_t kIdValueBytesMax = 1024;

// Work that is done between two looks at other sessions.
inline constexpr std::size_t kRowsPerTurn =
    4096;  // rows of a mirror that are formatted or compared
inline constexpr std::size_t kListYieldEvery = 64;  // names that are matched against patterns
inline constexpr std::size_t kSummariesPerCall =
    8192;  // ids in one FetchSummaries that are streamed through
inline constexpr std::size_t kHeadersPerBatch =
    64;  // messages whose headers or part trees are held at a time
inline constexpr std::size_t kBodiesPerCall = 1024;  // ranges in one FetchBodies
inline constexpr std::size_t kOutputChunkBytes = 32 * 1024;
inline constexpr std::size_t kUploadPieceBytes = 256 * 1024;
inline constexpr std::size_t kInlineAppendBytes =
    256 * 1024;  // larger ones are uploaded as they arrive
inline constexpr std::size_t kHeaderSearchBytesMax =
    256 * 1024;  // of one header, looked at for fields
inline constexpr std::size_t kTextSearchBytesMax =
    16 * 1024 * 1024;  // of one text part, looked at by SEARCH
inline constexpr std::size_t kTextGroupBytes =
    256 * 1024;  // of parts that go to the thread pool together
inline constexpr std::size_t kTextSearchesMax =
    2;  // bodies searched at a time, all sessions together

// Mirrors that nobody has selected stay for the next SELECT.
inline constexpr std::size_t kIdleMirrorsMax = 32;
inline constexpr std::size_t kIdleMirrorRowsMax = 500'000;

inline constexpr std::chrono::seconds kMirrorWait{
    10};  // for a write's modseq to come by the change stream
inline constexpr std::chrono::seconds kCommandTime{
    300};                                              // for the rest of a command that has begun
inline constexpr std::chrono::seconds kLoginDelay{1};  // doubled with each failure of a connection

}  // namespace tayori::imap
