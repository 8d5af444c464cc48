#include "spoold/backup/s3/answers.h"

#include <algorithm>
#include <utility>

#include "common/base/percent.h"
#include "common/base/text.h"
#include "spoold/backup/s3/xml.h"

namespace tayori::spool::s3 {
namespace {

constexpr std::size_t kTroubleBytesMax = 200;

tl::unexpected<Error> senseless(std::string detail) {
    return fail(Kind::corrupt, "The answer of S3 makes no sense.", std::move(detail));
}

// In these a blank is "+".
std::string url_decode(std::string_view text) {
    std::string plain(text);
    std::ranges::replace(plain, '+', ' ');
    return percent_decode(plain);
}

std::string made_printable(std::string_view text) {
    std::string out(text.substr(0, kTroubleBytesMax));
    std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
    return out;
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&') out += "&amp;";
        else if (c == '<') out += "&lt;";
        else if (c == '>') out += "&gt;";
        else if (c == '"') out += "&quot;";
        else out += c;
    }
    return out;
}

}  // namespace

Result<ListedKeys> parse_listed_keys(std::string_view xml) {
    ListedKeys listed;
    std::string next;
    bool listing = false, more = false;
    auto read = read_xml(xml, [&](std::string_view path, std::string_view text) {
        if (path == "ListBucketResult/Contents/Key") listed.keys.push_back(url_decode(text));
        else if (path == "ListBucketResult/CommonPrefixes/Prefix") listed.prefixes.push_back(url_decode(text));
        else if (path == "ListBucketResult/IsTruncated") more = text == "true";
        else if (path == "ListBucketResult/NextContinuationToken") next = text;
        else if (path == "ListBucketResult") listing = true;
    });
    if (!read) return fail(std::move(read.error()));
    if (!listing) return senseless("it is no list of objects");
    if (more && next.empty()) return senseless("a list goes on, but not where");
    if (more) listed.next = std::move(next);
    return listed;
}

Result<ListedUploads> parse_listed_uploads(std::string_view xml) {
    ListedUploads listed;
    Upload upload;
    bool listing = false;
    auto read = read_xml(xml, [&](std::string_view path, std::string_view text) {
        if (path == "ListMultipartUploadsResult/Upload/Key") upload.key = url_decode(text);
        else if (path == "ListMultipartUploadsResult/Upload/UploadId") upload.id = text;
        else if (path == "ListMultipartUploadsResult/Upload") listed.uploads.push_back(std::exchange(upload, {}));
        else if (path == "ListMultipartUploadsResult/IsTruncated") listed.more = text == "true";
        else if (path == "ListMultipartUploadsResult") listing = true;
    });
    if (!read) return fail(std::move(read.error()));
    const auto nameless = [](const Upload& one) { return one.key.empty() || one.id.empty(); };
    if (!listing || std::ranges::any_of(listed.uploads, nameless)) return senseless("it is no list of uploads");
    return listed;
}

Result<std::string> parse_upload_id(std::string_view xml) {
    std::string id;
    auto read = read_xml(xml, [&](std::string_view path, std::string_view text) {
        if (path == "InitiateMultipartUploadResult/UploadId") id = text;
    });
    if (!read) return fail(std::move(read.error()));
    if (id.empty()) return senseless("an upload has no name");
    return id;
}

Trouble parse_trouble(std::string_view xml) {
    Trouble trouble;
    // One that is cut off says what it said.
    (void)read_xml(xml, [&](std::string_view path, std::string_view text) {
        if (path == "Error/Code") trouble.code = made_printable(text);
        else if (path == "Error/Message") trouble.message = made_printable(text);
        else if (path == "Error/Region") trouble.region = made_printable(text);
    });
    return trouble;
}

std::string listed_parts(const std::vector<std::string>& etags) {
    std::string out = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
    for (std::size_t i = 0; i < etags.size(); ++i) {
        append(out, "<Part><PartNumber>", i + 1, "</PartNumber><ETag>", escaped(etags[i]), "</ETag></Part>");
    }
    return out + "</CompleteMultipartUpload>";
}

}  // namespace tayori::spool::s3
