#include "spoold/places.h"

#include <sys/stat.h>

#include "common/base/log.h"
#include "common/base/percent.h"
#include "common/base/text.h"
#include "spoold/backup/s3/credentials.h"

namespace tayori::spool {
namespace {

constexpr mode_t kReadableByOthers = S_IRWXG | S_IRWXO;

s3::S3Options s3_options(const settings::BackupS3& from) {
    s3::S3Options options;
    auto endpoint = from.endpoint;
    if (endpoint.origin.empty()) endpoint.origin = cat("https://s3.", from.region, ".amazonaws.com");
    options.origin = endpoint.origin;
    options.path = percent_encode(endpoint.path, "/");
    if (from.addressing == settings::S3Addressing::host) {
        options.origin.insert(options.origin.find("://") + 3, cat(from.bucket, "."));
    } else {
        append(options.path, "/", from.bucket);
    }
    options.bucket = from.bucket;
    options.region = from.region;
    options.prefix = from.prefix;
    if (!options.prefix.empty() && !options.prefix.ends_with('/')) options.prefix += '/';
    options.storage_class = from.storage_class;
    if (from.encryption != settings::S3Encryption::none) {
        options.encryption = from.encryption == settings::S3Encryption::kms ? "aws:kms" : "AES256";
    }
    options.kms_key = from.kms_key;
    options.patience = from.patience_s;
    return options;
}

}  // namespace

Result<std::shared_ptr<Place>> backup_place(const settings::Settings& settings) {
    if (settings.backup.target == settings::BackupTarget::directory) {
        return make_directory_place(settings.path(settings.backup.directory));
    }
    const auto& from = settings.backup_s3;
    S3Place place;
    place.options = s3_options(from);
    place.ca_file = settings.path(from.ca_file);
    place.credentials_file = settings.path(from.credentials_file);
    if (auto credentials = s3::read_credentials(place.credentials_file); !credentials) return fail(std::move(credentials.error()));
    struct stat status;
    if (!place.ca_file.empty() && ::stat(place.ca_file.c_str(), &status) != 0) {
        return fail(Kind::invalid, cat("backup_s3.ca_file: ", place.ca_file, " can't be read."));
    }
    if (!place.credentials_file.empty() && ::stat(place.credentials_file.c_str(), &status) == 0 &&
        (status.st_mode & kReadableByOthers) != 0) {
        log_warn("backup_s3.credentials_file can be read by others: chmod 600", {{"file", place.credentials_file}});
    }
    return make_s3_place(std::move(place));
}

}  // namespace tayori::spool
