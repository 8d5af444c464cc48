#include "spoold/backup/place.h"

#include <sys/stat.h>

#include <algorithm>
#include <thread>

#include "common/base/text.h"
#include "spoold/backup/s3/credentials.h"
#include "spoold/backup/s3/s3_target.h"

namespace tayori::spool {
namespace {

constexpr std::chrono::milliseconds kPauseSlice{100};  // so soon a pause ends when we are told to give up

class DirectoryPlace final : public Place {
  public:
    explicit DirectoryPlace(std::string directory) : directory_(std::move(directory)) {}

    std::unique_ptr<Target> open(const std::string& set, GiveUp) override {
        return make_directory_target(store::posix_files(), name_of(set));
    }
    Result<std::vector<std::string>> names(GiveUp) override {
        auto names = store::posix_files().list(directory_);
        if (!names && names.error().kind == Kind::not_found) return std::vector<std::string>();
        return names;
    }
    std::string name_of(const std::string& set) const override { return cat(directory_, "/", set); }
    bool shares_disk_with(const std::string& other) const override {
        struct stat ours, theirs;
        return ::stat(other.c_str(), &theirs) == 0 && ::stat(directory_.c_str(), &ours) == 0 && ours.st_dev == theirs.st_dev;
    }

  private:
    const std::string directory_;
};

class PlaceInS3 final : public Place {
  public:
    explicit PlaceInS3(S3Place place) : place_(std::move(place)) {}

    std::unique_ptr<Target> open(const std::string& set, GiveUp give_up) override {
        return s3::make_s3_target(connect(std::move(give_up)), set);
    }
    Result<std::vector<std::string>> names(GiveUp give_up) override {
        return s3::names_below(*connect(std::move(give_up)), place_.options.prefix);
    }
    std::string name_of(const std::string& set) const override {
        return cat("s3://", place_.options.bucket, "/", place_.options.prefix, set);
    }

  private:
    struct Connection {
        std::unique_ptr<s3::Http> http;
        SystemClock clock;  // S3 compares it with its own: never a test's that is moved
        std::unique_ptr<s3::S3Client> client;
    };

    std::shared_ptr<s3::S3Client> connect(GiveUp give_up) const {
        auto connection = std::make_shared<Connection>();
        connection->http = s3::make_curl_http({place_.ca_file, give_up});
        const auto pause = [give_up](std::chrono::milliseconds time) {
            for (; time.count() > 0 && !give_up(); time -= kPauseSlice) std::this_thread::sleep_for(std::min(time, kPauseSlice));
            return !give_up();
        };
        const auto credentials = [file = place_.credentials_file] { return s3::read_credentials(file); };
        connection->client = std::make_unique<s3::S3Client>(
            place_.options, s3::S3Client::Parts{*connection->http, connection->clock, pause, credentials});
        return {connection, connection->client.get()};
    }

    const S3Place place_;
};

}  // namespace

std::shared_ptr<Place> make_directory_place(std::string directory) {
    return std::make_shared<DirectoryPlace>(std::move(directory));
}

std::shared_ptr<Place> make_s3_place(S3Place place) { return std::make_shared<PlaceInS3>(std::move(place)); }

}  // namespace tayori::spool
