// Where the sets lie: below a directory, or in S3.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "spoold/backup/s3/client.h"
#include "spoold/backup/target.h"

namespace tayori::spool {

class Place {
  public:
    virtual ~Place() = default;
    // Asked now and then within whatever takes long; true ends it with `closed`.
    using GiveUp = std::function<bool()>;
    // `set` is a good name of one, which need not be there.
    virtual std::unique_ptr<Target> open(const std::string& set, GiveUp give_up) = 0;
    // What lies there, sets or not.
    virtual Result<std::vector<std::string>> names(GiveUp give_up) = 0;
    // For people.
    virtual std::string name_of(const std::string& set) const = 0;
    // Both would be lost together.
    virtual bool shares_disk_with(const std::string&) const { return false; }
};

std::shared_ptr<Place> make_directory_place(std::string directory);

struct S3Place {
    s3::S3Options options;
    std::string ca_file;
    std::string credentials_file;
};
std::shared_ptr<Place> make_s3_place(S3Place place);

}  // namespace tayori::spool
