// The operations of S3 that backups need: signed, tried again where that may help, and their refusals as errors.
//
// Errors: not_found (no such object or upload), denied (the key's rights), invalid (the settings name a wrong bucket or region),
// no_space, unsupported (every other refusal), busy (none of the attempts came through), closed (told to give up).
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>

#include "spoold/backup/s3/answers.h"
#include "spoold/backup/s3/http.h"
#include "spoold/backup/s3/patience.h"
#include "spoold/backup/s3/signature.h"

namespace tayori::spool::s3 {

struct S3Options {
    std::string origin;   // "https://s3.eu-central-1.amazonaws.com", with the bucket in it where that is the way
    std::string path;     // encoded, "/BUCKET" where it is not in the host; without "/" at its end
    std::string bucket;
    std::string prefix;   // of all keys; empty, or with "/" at its end
    std::string region;
    std::string storage_class;
    std::string encryption;  // x-amz-server-side-encryption
    std::string kms_key;
    std::chrono::milliseconds patience{60'000};
};

class S3Client {
  public:
    struct Parts {
        Http& http;
        const Clock& clock;  // S3 compares it with its own
        Pause pause;
        std::function<Result<Credentials>()> credentials;  // asked for each request
    };
    S3Client(S3Options options, Parts parts) : options_(std::move(options)), parts_(std::move(parts)) {}

    const S3Options& options() const { return options_; }

    // Keys that begin with `prefix`; with Levels::one, what goes on behind the next "/" is told by its prefix alone.
    enum class Levels { one, all };
    Result<ListedKeys> list(const std::string& prefix, Levels levels, const std::string& from);
    Result<std::uint64_t> size(const std::string& key);
    struct Piece {
        std::string bytes;
        std::uint64_t size = 0;  // of the whole object
    };
    // Fewer than `bytes` only at the end.
    Result<Piece> get(const std::string& key, std::uint64_t offset, std::uint64_t bytes);
    Result<void> put(const std::string& key, std::string_view bytes);
    Result<void> remove(const std::string& key);  // no error where there is none

    Result<std::string> begin_upload(const std::string& key);
    // The part's ETag. Parts are numbered from 1.
    Result<std::string> put_part(const Upload& upload, std::size_t number, std::string_view bytes);
    // `bytes`: of the whole object, to know it again where an answer got lost.
    Result<void> complete(const Upload& upload, const std::vector<std::string>& etags, std::uint64_t bytes);
    Result<void> abort(const Upload& upload);
    Result<ListedUploads> uploads(const std::string& prefix);  // one page

  private:
    struct Call {
        std::string_view method;
        std::string key;  // empty: the bucket
        Fields query;
        Fields headers;
        std::string_view body;
        std::size_t answer_bytes_max = kAnswerBytesMax;
        int also_fine = 0;  // a further status that is an answer
    };
    static constexpr std::size_t kAnswerBytesMax = 8 << 20;  // a thousand keys

    Result<HttpAnswer> call(const Call& call);
    Result<HttpAnswer> attempt(const Call& call, const std::string& payload_hash);
    tl::unexpected<Error> refused(const Call& call, const HttpAnswer& answer, const Trouble& trouble) const;
    Fields of_new_object() const;

    const S3Options options_;
    const Parts parts_;
    std::mutex mutex_;  // of http
};

}  // namespace tayori::spool::s3
